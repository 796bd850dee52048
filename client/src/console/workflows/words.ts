/** The texts of the workflows, added when the page is opened. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
