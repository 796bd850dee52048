/** The texts of the overview's charts, added when it is opened. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
