// Tests the executor: threads that share an execution, executions that are cancelled, and programs beside each other.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/thread_team.h"
#include "base/update_lock.h"
#include "fuzz_run.h"
#include "team_test.h"

namespace bptt::team_test {

namespace {

std::vector<uint8_t> bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

fuzz::Input input_of(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = bytes_of_file(path);
  fuzz::Input input;
  fuzz::parse(bytes.data(), bytes.size(), &input);
  return input;
}

std::vector<uint8_t> memory_of(const fuzz::LoadedInput& loaded) {
  std::vector<uint8_t> memory;
  for (const Block& block : loaded.blocks()) memory.insert(memory.end(), block.data, block.data + block.bytes);
  return memory;
}

// The memory of a program after its executions; empty when it was refused.
std::vector<uint8_t> result_of(const fuzz::Input& input, ThreadTeam* team, int threads, int executions = 1) {
  AlignedBuffer memory;
  fuzz::LoadedInput loaded(input, &memory);
  if (!loaded.load(threads).is_ok() || !loaded.prepare()) return {};
  for (int e = 0; e < executions; ++e) loaded.program().execute(*team, 0, nullptr, false);
  return memory_of(loaded);
}

// All threads share every instruction of each program, and the bits are those of one thread.
void test_same_bits(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> files = files_of(folder);
  expect(!files.empty(), "there are programs in " + folder.string());
  ThreadTeam team;
  int executed = 0;
  for (const auto& file : files) {
    const fuzz::Input input = input_of(file);
    const std::vector<uint8_t> expected = result_of(input, &team, 1);
    expect(!expected.empty(), file.string() + " is executed");
    for (const int threads : {2, 3, 5})
      expect(result_of(input, &team, threads) == expected,
             file.string() + " gives the same bits with " + std::to_string(threads) + " threads");
    ++executed;
  }
  std::printf("team_test: %d programs with 1, 2, 3 and 5 threads\n", executed);
}

// Executions that are cancelled at any time, from another thread, while others use the team.
void test_cancelled_programs(const std::filesystem::path& folder) {
  ThreadTeam team;
  expect(team.open_queue(), "the queue opens");
  int count = 0;
  for (const std::filesystem::path& file : files_of(folder)) {
    if (++count % 20 != 0) continue;
    const fuzz::Input input = input_of(file);
    AlignedBuffer memory_of_queued, memory_of_own;
    fuzz::LoadedInput queued(input, &memory_of_queued), own(input, &memory_of_own);
    if (!queued.load(3).is_ok() || !own.load(3).is_ok() || !queued.prepare() || !own.prepare()) continue;
    std::atomic<bool> cancel{false}, ended{false};
    const auto job = [&] {
      queued.program().execute(team, 0, &cancel, true);
      ended.store(true);
    };
    team.submit(job, queued.program().uses_members(0));
    own.program().execute(team, 0, nullptr, false);
    cancel.store(true);
    while (!ended.load()) std::this_thread::yield();
  }
  std::printf("team_test: %d programs cancelled beside others\n", count / 20);
}

// The last instruction of a program becomes its update.
fuzz::Input with_update(fuzz::Input input) {
  fuzz::Parts parts;
  if (!fuzz::take_apart(input.words, &parts) || parts.instructions.empty()) return input;
  const auto last = static_cast<int32_t>(parts.instructions.size()) - 1;
  parts.commit_begin = std::max(parts.prepare_end, std::min(parts.commit_begin, last));
  fuzz::put_together(parts, &input.words);
  return input;
}

// The blocks that the update of a program writes and no instruction before it.
std::vector<Block> blocks_of_update(const fuzz::LoadedInput& loaded) {
  std::vector<int> writers(loaded.blocks().size());  // 1: the update, 2: others
  const fuzz::Parts& parts = loaded.parts();
  for (size_t i = 0; i < parts.instructions.size(); ++i) {
    const fuzz::Instruction& instruction = parts.instructions[i];
    const OperationRow& row = row_of(static_cast<Opcode>(instruction.opcode));
    for (int o = 0; o < instruction.operands.count; ++o) {
      const OperandRow& operand = row.operands[o];
      if (instruction.operands[o] < 0 || !(operand.is_output || operand.is_in_place)) continue;
      const int32_t block = parts.values[static_cast<size_t>(instruction.operands[o])].block;
      if (block >= 0) writers[static_cast<size_t>(block)] |= static_cast<int32_t>(i) >= parts.commit_begin ? 1 : 2;
    }
  }
  std::vector<Block> blocks;
  for (size_t b = 0; b < writers.size(); ++b)
    if (writers[b] == 1) blocks.push_back(loaded.blocks()[b]);
  return blocks;
}

uint64_t sum_of(const std::vector<Block>& blocks) {
  uint64_t sum = 1;
  for (const Block& block : blocks)
    for (int64_t b = 0; b < block.bytes; ++b) sum = sum * 31 + block.data[b];
  return sum;
}

// A program in the queue, with the lock of its update.
struct Model {
  explicit Model(const fuzz::Input& given) : input(with_update(given)), loaded(input, &memory) {}

  bool load(int threads) {
    if (!loaded.load(threads).is_ok() || !loaded.prepare()) return false;
    if (loaded.parts().commit_begin == static_cast<int32_t>(loaded.parts().instructions.size())) return false;
    loaded.program().use_lock(lock);
    updated = blocks_of_update(loaded);
    return true;
  }

  fuzz::Input input;
  AlignedBuffer memory;
  fuzz::LoadedInput loaded;
  std::shared_ptr<UpdateLock> lock = std::make_shared<UpdateLock>();
  std::vector<Block> updated;
  std::atomic<bool> has_ended{false};
};

// Jobs of several programs, of one thread and of more, at the same time; one thread meanwhile reads what each of them
// updates, as a synchronous prediction does, and executes a program itself.
void test_programs_at_once(const std::filesystem::path& folder) {
  constexpr size_t kAtOnce = 6, kEvery = 4;
  constexpr int kExecutions = 4;
  const std::vector<std::filesystem::path> files = files_of(folder);
  ThreadTeam team;
  expect(team.open_queue(), "the queue opens");
  int64_t executed = 0, read = 0;
  for (size_t begin = 0; begin < files.size(); begin += kAtOnce * kEvery) {
    std::vector<std::unique_ptr<Model>> models;
    std::vector<std::vector<uint8_t>> expected;
    for (size_t f = begin; f < std::min(files.size(), begin + kAtOnce * kEvery); f += kEvery) {
      auto model = std::make_unique<Model>(input_of(files[f]));
      if (!model->load(static_cast<int>(1 + models.size() % 3))) continue;
      expected.push_back(result_of(model->input, &team, 1, kExecutions));
      models.push_back(std::move(model));
    }
    if (models.empty()) continue;
    Model& own = *models.back();
    for (const auto& model : models) {
      if (model.get() == &own) break;
      const auto job = [&team, each = model.get()] {
        for (int e = 0; e < kExecutions; ++e) each->loaded.program().execute(team, 0, nullptr, true);
        each->has_ended.store(true);
      };
      team.submit(job, model->loaded.program().uses_members(0));
    }
    for (int e = 0; e < kExecutions; ++e) own.loaded.program().execute(team, 0, nullptr, false);
    own.has_ended.store(true);
    for (const auto& model : models) {
      while (!model->has_ended.load()) {
        for (const auto& each : models) {
          each->lock->enter();
          const int64_t update = each->lock->updates();
          const uint64_t sum = sum_of(each->updated);
          std::this_thread::yield();
          expect(sum_of(each->updated) == sum && each->lock->updates() == update, "a reader sees one update");
          each->lock->leave();
          ++read;
        }
      }
    }
    for (size_t m = 0; m < models.size(); ++m) {
      expect(memory_of(models[m]->loaded) == expected[m], "a program beside others gives the bits of one alone");
      expect(models[m]->lock->updates() == kExecutions, "each execution takes the lock once");
    }
    executed += static_cast<int64_t>(models.size());
  }
  expect(executed > 0 && read > 0, "programs are executed and read at the same time");
  std::printf("team_test: %lld programs executed beside each other, read %lld times meanwhile\n",
              static_cast<long long>(executed), static_cast<long long>(read));
}

}  // namespace

void test_programs(const std::filesystem::path& folder) {
  test_same_bits(folder);
  test_cancelled_programs(folder);
  test_programs_at_once(folder);
}

}  // namespace bptt::team_test
