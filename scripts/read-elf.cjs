'use strict';
/* What a binary of Linux needs of the system that loads it, read from the file itself: for any processor, without tools. */

const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DT_NEEDED = 1n;
const STT_SECTION = 3;
const machines = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);

/** The text that ends with a zero byte. */
function textAt(bytes, offset) {
  return bytes.toString('utf8', offset, bytes.indexOf(0, offset));
}

function sectionsOf(bytes) {
  const start = Number(bytes.readBigUInt64LE(40));
  const size = bytes.readUInt16LE(58);
  return Array.from({ length: bytes.readUInt16LE(60) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  });
}

/**
 * Reads a 64-bit little-endian ELF file.
 *
 * @param {Buffer} bytes the whole file
 * @returns {{ arch: string, needed: string[], versions: string[], exported: string[], imported: string[] }} `x64` or `arm64`; names of the libraries that
 * it needs; versions of symbols such as `GLIBC_2.14`; names of the symbols that it shows,
 * and that it takes from others
 * @throws {Error} when it is another kind of file
 */
function readElf(bytes) {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF' || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const sections = sectionsOf(bytes);
  const needed = [];
  const versions = new Set();
  const exported = [];
  const imported = [];
  for (const section of sections) {
    const strings = sections[section.link]?.offset ?? 0;
    if (section.type === SHT_DYNAMIC) {
      for (let at = section.offset; at < section.offset + section.size; at += 16) {
        const value = Number(bytes.readBigUInt64LE(at + 8));
        if (bytes.readBigInt64LE(at) === DT_NEEDED) needed.push(textAt(bytes, strings + value));
      }
    } else if (section.type === SHT_DYNSYM) {
      for (let at = section.offset + 24; at < section.offset + section.size; at += 24) {
        const isDefined = bytes.readUInt16LE(at + 6) !== 0;
        const isSection = (bytes.readUInt8(at + 4) & 15) === STT_SECTION;
        const list = isDefined ? exported : imported;
        if (!isSection) list.push(textAt(bytes, strings + bytes.readUInt32LE(at)));
      }
    } else if (section.type === SHT_GNU_VERNEED) {
      for (let file = section.offset, next = -1; next !== 0; file += next) {
        let entry = file + bytes.readUInt32LE(file + 8);
        for (let count = bytes.readUInt16LE(file + 2); count > 0; count--) {
          versions.add(textAt(bytes, strings + bytes.readUInt32LE(entry + 8)));
          entry += bytes.readUInt32LE(entry + 12);
        }
        next = bytes.readUInt32LE(file + 12);
      }
    }
  }
  return {
    arch: machines.get(bytes.readUInt16LE(18)) ?? 'other',
    needed,
    versions: [...versions].sort(),
    exported: exported.sort(),
    imported: imported.sort(),
  };
}

module.exports = { readElf };
