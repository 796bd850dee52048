/** The texts of help, added when one of its pages is opened; they are on the phone like the pages themselves. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
