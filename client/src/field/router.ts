/** The phone's pages. The part after # never reaches a server, so a household's id is in no log. */
import { createRouter, createWebHashHistory, type RouteLocationNormalized, type RouteLocationRaw } from "vue-router";
import { isUnlocked } from "@lib/session";
import { listInstalls } from "@lib/sign-in";
import UnlockPage from "./pages/UnlockPage.vue"; // what every day begins with

const routes = [
  { path: "/", name: "visits", component: () => import("./pages/WorklistPage.vue"), meta: { tabs: true } },
  { path: "/map", name: "map", component: () => import("./map/MapPage.vue"), meta: { tabs: true } },
  { path: "/household/:id", name: "household", component: () => import("./pages/HouseholdPage.vue"), props: true },
  { path: "/visit/:draftId", name: "visit", component: () => import("./pages/VisitPage.vue"), props: (to: RouteLocationNormalized) => ({ draftId: to.params["draftId"], at: String(to.query["at"] ?? "") }) },
  { path: "/sent/:opId", name: "sent", component: () => import("./pages/SentPage.vue"), props: true },
  { path: "/questions", name: "questions", component: () => import("./pages/QuestionsPage.vue") },
  { path: "/question/:id", name: "question", component: () => import("./pages/QuestionPage.vue"), props: true },
  { path: "/findings", name: "findings", component: () => import("./pages/FindingsPage.vue") },
  { path: "/finding/:id", name: "finding", component: () => import("./pages/FindingPage.vue"), props: true },
  { path: "/preview/:formId/:version", name: "preview", component: () => import("./pages/PreviewPage.vue"), props: true },
  { path: "/practice", name: "practice", component: () => import("./pages/PracticePage.vue") },
  { path: "/tour", name: "tour", component: () => import("./help/TourPage.vue"), meta: { free: true } },
  { path: "/help", name: "help", component: () => import("./help/HelpPage.vue"), meta: { free: true } },
  { path: "/help/:topic", name: "topic", component: () => import("./help/TopicPage.vue"), props: true, meta: { free: true } },
  { path: "/my-data", name: "my-data", component: () => import("./help/MyDataPage.vue"), meta: { free: true } },
  { path: "/feedback", name: "feedback", component: () => import("./help/FeedbackPage.vue") },
  { path: "/drafts", name: "drafts", component: () => import("./pages/DraftsPage.vue"), meta: { tabs: true } },
  { path: "/outbox", name: "outbox", component: () => import("./pages/OutboxPage.vue"), meta: { tabs: true } },
  { path: "/me", name: "me", component: () => import("./pages/MePage.vue"), meta: { tabs: true } },
  { path: "/sign-in", name: "sign-in", component: () => import("./pages/SignInPage.vue"), meta: { open: true } },
  { path: "/unlock", name: "unlock", component: UnlockPage, meta: { open: true } },
  { path: "/:rest(.*)", redirect: "/" },
];

export const router = createRouter({ history: createWebHashHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } });

router.beforeEach(async (to) => {
  if (to.meta["free"]) return true;
  // The phone's back button may lead to the PIN page of this morning: nothing is asked twice.
  // A code is for somebody who begins here, also while another worker's store is open.
  if (isUnlocked()) return to.meta["open"] && !to.query["code"] ? { path: "/", replace: true } : true;
  return to.meta["open"] ? true : await gate(to);
});

/** Somebody has used this phone: their PIN. Nobody yet: sign in. */
export async function gate(to: RouteLocationNormalized | null): Promise<RouteLocationRaw> {
  const known = (await listInstalls()).filter((install) => install.pin);
  const query = to && to.fullPath !== "/" ? { next: to.fullPath } : {};
  return { name: known.length > 0 ? "unlock" : "sign-in", query };
}
