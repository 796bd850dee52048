/** The phone's own texts; what the console says too is in lib/i18n. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
