/** Who sits at this desk, and the areas that this person sees. One reading each, shared by all pages. */
import i18n from "@lib/i18n";
import { isNetwork } from "@lib/problem";
import type { User } from "@lib/types";
import { computed, reactive } from "vue";
import { keepCsrf, read, send, sendSignedOut } from "./api";
import { nameOf, ownTop, wayTo } from "./areas";
import type { Area } from "./wire";

interface Desk { user: User | null; areas: Area[]; shapes: Map<string, GeoJSON.Geometry> }
export const desk = reactive<Desk>({ user: null, areas: [], shapes: new Map() });
export const topArea = computed(() => ownTop(desk.areas));

/** The name of an area that this person sees; empty for any other. */
export const areaName = (code: string | null | undefined): string => nameOf(desk.areas.find((area) => area.code === code)?.names, i18n.global.locale.value);
/** The area itself, or the nearest around it, that has a boundary: a group lies on the ground of its village. */
export const boundedArea = (code: string | null): string | null => wayTo(desk.areas, code).map((area) => area.code).reverse().find((one) => desk.shapes.has(one)) ?? null;

const READERS = ["supervisor", "admin", "auditor", "cadre"];
/** Whether the signed-in person has one of these roles, in whatever area. */
export const hasRole = (...names: string[]): boolean => desk.user?.roles.some(({ role }) => names.includes(role)) ?? false;
let opened: Promise<void> | null = null;

/** Reads who is signed in and the areas with their boundaries; once. Problem auth.required when nobody is. */
export function openDesk(): Promise<void> {
  opened ??= load().catch((cause: unknown) => {
    opened = null;
    throw cause;
  });
  return opened;
}

async function load(): Promise<void> {
  desk.user = await read<User>("/me");
  const { items } = await read<{ items: Area[] }>("/regions", { geometry: "1" });
  desk.shapes = new Map(items.flatMap((area) => (area.geometry ? [[area.code, area.geometry] as const] : [])));
  desk.areas = items.map(({ geometry: _shape, ...area }) => area);
}

export async function signIn(username: string, password: string): Promise<void> {
  const answer = await sendSignedOut<{ csrf_token: string }>("/auth/login", { username, password, cookie: true });
  keepCsrf(answer.csrf_token);
  await openDesk();
}

export async function signOut(): Promise<void> {
  await send("/auth/logout", {}).catch((cause: unknown) => {
    if (isNetwork(cause)) throw cause; // otherwise the cookie is already worth nothing
  });
  forget();
}

/** Nothing of one person stays for the next one at this desk. */
export function forget(): void {
  opened = null;
  keepCsrf(null);
  Object.assign(desk, { user: null, areas: [], shapes: new Map() });
}

/** Somebody who is sent to check and reads no area: own errands and the findings to look at, nothing else. */
export const onlyInspects = computed(() => hasRole("inspector") && !hasRole(...READERS));
/** Whether the console has anything for this person. */
export const hasWork = computed(() => hasRole(...READERS, "inspector"));
