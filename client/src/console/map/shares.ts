/** Classes of a share for colouring areas: one hue from light to dark, white for "nothing to count". */
export interface ShareClass { upTo: number; colour: string; words: string | null }

export const CLASSES: readonly ShareClass[] = [
  { upTo: -1, colour: "#fbfcfa", words: null },
  { upTo: 0, colour: "#e4efe9", words: "0 %" },
  { upTo: 0.25, colour: "#bcd8cb", words: "≤ 25 %" },
  { upTo: 0.5, colour: "#8fbca9", words: "≤ 50 %" },
  { upTo: 0.75, colour: "#5d9d86", words: "≤ 75 %" },
  { upTo: Infinity, colour: "#3d8069", words: "> 75 %" },
];

export function classOf(part: number, whole: number): ShareClass {
  const share = whole > 0 ? part / whole : -1;
  return CLASSES.find((one) => share <= one.upTo) as ShareClass;
}
