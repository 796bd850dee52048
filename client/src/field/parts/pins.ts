/** What makes a PIN no PIN. */

/** PINs that anybody would try first. */
export const isWeak = (pin: string): boolean => /^(\d)\1+$/.test(pin) || "01234567890".includes(pin) || "09876543210".includes(pin);
