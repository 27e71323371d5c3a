/** The name of an option as the command line has it: `learningRate` becomes `learning-rate`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
