/** Answers in form order, with the rows of a repeat kept together. Pure. */
import type { Answer } from "./wire";

export interface AnswerGroup { key: string; position: number | null; title: Answer | null; answers: Answer[] }

/** The innermost repeat of a position path: "/data/members/row[2]/name" → ["/data/members/row[2]", 2]. */
export function repeatOf(path: string): [string, number] | null {
  const found = /^(.*\[(\d+)\])[^[\]]*$/.exec(path);
  return found ? [found[1] as string, Number(found[2])] : null;
}

/** Runs of answers that share a repeat row; `title` is the row's first filled text, mostly a name. */
export function groupsOf(answers: Answer[]): AnswerGroup[] {
  const groups: AnswerGroup[] = [];
  for (const answer of answers) {
    const repeat = repeatOf(answer.position_path);
    const key = repeat?.[0] ?? "";
    let group = groups.at(-1);
    if (!group || group.key !== key) groups.push((group = { key, position: repeat?.[1] ?? null, title: null, answers: [] }));
    group.answers.push(answer);
    if (group.position !== null && !group.title && answer.value && answer.type === "string") group.title = answer;
  }
  return groups;
}
