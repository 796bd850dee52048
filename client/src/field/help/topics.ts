/** What help speaks of, in the order in which somebody needs it. `parts`: paragraphs of `help.<topic>`. */
export const TOPICS = [
  { name: "begin", icon: "home", parts: 4 }, { name: "find", icon: "search", parts: 4 }, { name: "visit", icon: "draft", parts: 6 }, { name: "photos", icon: "camera", parts: 4 },
  { name: "send", icon: "outbox", parts: 5 }, { name: "back", icon: "question", parts: 4 }, { name: "mistake", icon: "swap", parts: 4 }, { name: "phone", icon: "lock", parts: 5 },
] as const;

export type Topic = (typeof TOPICS)[number];
export const topicOf = (name: string): Topic | undefined => TOPICS.find((topic) => topic.name === name);

/** What the checks look at, what they read for it, and nothing else (docs/EVIDENCE.md; the limits are data of the office). */
export const CHECKS = ["place", "fix", "clock", "speed", "same", "quality", "seal", "answers"] as const;
export const STEPS = ["list", "household", "form", "photo", "outbox", "lock"] as const;
