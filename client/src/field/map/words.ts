/** The texts of the map, added when it is opened. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
