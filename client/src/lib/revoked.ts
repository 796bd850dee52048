/** What is left on a phone of a worker whose install was taken out of use: the word that it was, until somebody has read it. */
const KEY = "ruhu-revoked";

export interface RevokedNotice { name: string; at: string }

export const noteRevoked = (notice: RevokedNotice): void => localStorage.setItem(KEY, JSON.stringify(notice));

export function revokedNotice(): RevokedNotice | null {
  const kept = localStorage.getItem(KEY);
  return kept ? (JSON.parse(kept) as RevokedNotice) : null;
}

export const forgetRevoked = (): void => localStorage.removeItem(KEY);
