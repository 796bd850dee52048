/** Taking decisions back, one after the other. What phones have already is not undone; it may be decided anew. */
import { asProblem } from "@lib/problem";
import { send } from "../api";
import { problemWords } from "../problem-words";

/** `left`: what was not taken back, and whether it would be when decided anew; `told`: why, in words. */
export interface Undone { left: string[]; anew: boolean; told: string | null }

export async function takeBack(ids: string[], anew = false): Promise<Undone> {
  const left = [...ids];
  try {
    for (; left.length; left.pop()) await send(`/conflicts/${encodeURIComponent(left.at(-1) as string)}/undo`, { anew });
    return { left, anew: false, told: null };
  } catch (cause) {
    return { left, anew: asProblem(cause).code === "conflict.on_phones", told: problemWords(cause) };
  }
}
