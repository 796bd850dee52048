/** Whether one build of the app is older than another: numbers between dots, the first that differs decides. */
export function isOlder(build: string, minimum: string): boolean {
  const [own, wanted] = [build, minimum].map((text) => text.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0)) as [number[], number[]];
  for (let place = 0; place < Math.max(own.length, wanted.length); place += 1) {
    const difference = (own[place] ?? 0) - (wanted[place] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
