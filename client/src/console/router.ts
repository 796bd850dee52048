/** Pages. The chosen area is in every address, so that a link shows the same to everybody who may see it. */
import { Problem } from "@lib/problem";
import { createRouter, createWebHashHistory, type RouteLocationNormalized } from "vue-router";
import { desk, hasRole, onlyInspects, openDesk, topArea } from "./desk";

export const router = createRouter({
  history: createWebHashHistory("/console/"),
  routes: [
    { path: "/sign-in", name: "sign-in", component: () => import("./pages/SignInPage.vue"), meta: { open: true } },
    { path: "/", name: "overview", component: () => import("./pages/OverviewPage.vue") },
    { path: "/visits", name: "submissions", component: () => import("./pages/SubmissionsPage.vue") },
    { path: "/photos", name: "evidence", component: () => import("./pages/EvidencePage.vue") },
    { path: "/photos/tally", name: "tally", component: () => import("./pages/TallyPage.vue") },
    { path: "/photos/datums", name: "datums", component: () => import("./pages/DatumsPage.vue") },
    { path: "/photos/:id", name: "look", component: () => import("./pages/EvidenceItemPage.vue"), props: true },
    { path: "/map", name: "map", component: () => import("./pages/MapPage.vue") },
    { path: "/households", name: "records", component: () => import("./pages/RecordsPage.vue") },
    { path: "/households/import", name: "importing", component: () => import("./pages/ImportPage.vue"), meta: { roles: ["admin"] } },
    { path: "/households/:id", name: "household", component: () => import("./pages/HouseholdPage.vue"), props: true },
    { path: "/households/:id/place", name: "place", component: () => import("./pages/HouseholdPlacePage.vue"), props: true },
    { path: "/differences", name: "conflicts", component: () => import("./pages/ConflictsPage.vue") },
    { path: "/set-aside", name: "aside", component: () => import("./pages/SetAsidePage.vue") },
    { path: "/inspections", name: "inspections", component: () => import("./inspection/InspectionsPage.vue") },
    { path: "/inspections/new", name: "inspection-new", component: () => import("./inspection/PlanPage.vue") },
    { path: "/inspections/:id", name: "inspection", component: () => import("./inspection/InspectionPage.vue"), props: true },
    { path: "/inspections/:id/plan", name: "inspection-plan", component: () => import("./inspection/PlanPage.vue"), props: true },
    { path: "/inspections/:id/outcome", name: "outcome", component: () => import("./pages/OutcomePage.vue"), props: true },
    { path: "/inspections/:id/outcome/:household", name: "compared", component: () => import("./pages/ComparedPage.vue"), props: true },
    { path: "/patterns", name: "patterns", component: () => import("./pages/PatternsPage.vue") },
    { path: "/errands", name: "errands", component: () => import("./findings/ErrandsPage.vue"), meta: { roles: ["inspector"] } },
    { path: "/findings", name: "findings", component: () => import("./pages/FindingsPage.vue") },
    { path: "/questions", name: "questions", component: () => import("./pages/QuestionsPage.vue") },
    { path: "/voices", name: "voices", component: () => import("./pages/VoicesPage.vue"), meta: { roles: ["admin"] } },
    { path: "/checks", name: "rules", component: () => import("./pages/RulesPage.vue") },
    { path: "/policies", name: "policies", component: () => import("./pages/PoliciesPage.vue") },
    { path: "/policies/:policy/change/:id?", name: "policy-change", component: () => import("./pages/PolicyChangePage.vue"), props: true, meta: { roles: ["admin"] } },
    { path: "/workflows", name: "workflows", component: () => import("./pages/WorkflowsPage.vue") },
    { path: "/visits/:id(.+)", name: "submission", component: () => import("./pages/SubmissionPage.vue"), props: true },
    { path: "/forms", name: "forms", component: () => import("./pages/FormsPage.vue") },
    { path: "/forms/:formId/:version", name: "form", component: () => import("./pages/FormPage.vue"), props: true },
    { path: "/people", name: "people", component: () => import("./pages/PeoplePage.vue"), meta: { roles: ["supervisor", "admin"] } },
    { path: "/people/phones", name: "devices", component: () => import("./pages/DevicesPage.vue"), meta: { roles: ["supervisor", "admin"] } },
    { path: "/people/areas", name: "areas", component: () => import("./pages/AreasPage.vue") },
    { path: "/audit", name: "audit", component: () => import("./pages/AuditPage.vue"), meta: { roles: ["admin", "auditor"] } },
    { path: "/:rest(.*)*", redirect: { name: "overview" } },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

/** Whoever checks independently reads no area, so no address carries one. */
const FOR_INSPECTORS = ["errands", "findings"];

router.beforeEach(async (to, from) => {
  if (to.meta["open"]) return true;
  try {
    await openDesk();
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 401) return { name: "sign-in", query: { to: to.fullPath } };
    return true; // the frame shows why nothing could be read, and tries again
  }
  if (desk.user?.must_change_password) return { name: "sign-in", query: { to: to.fullPath } };
  if (onlyInspects.value) return FOR_INSPECTORS.includes(String(to.name)) ? true : { name: "errands" };
  if (!isOwn(to)) return { name: "overview" };
  return withArea(to, from);
});

/** Whether the page is for one of the person's roles: an address that somebody sent leads to no page of refusals. */
function isOwn(to: RouteLocationNormalized): boolean {
  const roles = to.meta["roles"] as string[] | undefined;
  return !roles || desk.user === null || hasRole(...roles);
}

/** Keeps the area while the person moves about; an area that is not the person's gives way to the own one. */
function withArea(to: RouteLocationNormalized, from: RouteLocationNormalized) {
  const known = (code: unknown): boolean => desk.areas.some((area) => area.code === code && !area.above);
  if (known(to.query["area"]) || desk.areas.length === 0) return true;
  const area = known(from.query["area"]) ? from.query["area"] : topArea.value;
  if (!area || to.query["area"] === area) return true;
  return { ...to, query: { ...to.query, area }, replace: true };
}
