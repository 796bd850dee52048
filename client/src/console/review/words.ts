/** The texts of reviewing, added when a list or a visit is opened. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
