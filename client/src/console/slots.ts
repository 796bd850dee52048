/** The spot that a photo shows, in words; one that this console does not know is just another. */
import i18n, { t } from "@lib/i18n";

export const slotName = (slot: string | null): string => (slot && i18n.global.te(`slot.${slot}`) ? t(`slot.${slot}`) : t("slot.other"));
