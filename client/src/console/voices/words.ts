/** The texts of suggestions and complaints, added when they are opened. */
import { addMessages } from "@lib/i18n";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
