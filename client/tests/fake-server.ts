/** The wire contract in memory, for the phone's tests: hello, push, pull, photos, forms and sign-in. */
import { digestOf } from "../src/lib/core/digest";
import type { FeedEntry, FormEntry, Op, OpResult } from "../src/lib/types";

interface Feed { entries: FeedEntry[]; head: number; view: string; state: "granted" | "revoking"; oldest: number }
type Judge = (op: Op) => Partial<OpResult>;
export interface Request { path: string; body: Record<string, unknown>; token: string | null }

const idOf = (entry: FeedEntry): string => JSON.stringify("id" in entry ? ["dataset" in entry ? entry.dataset : entry.type, entry.id] : "form_id" in entry ? [entry.form_id, entry.version] : [entry.n]);

export class FakeServer {
  epoch = "epoch-1";
  feeds = new Map<string, Feed>();
  stored = new Map<string, { op: string; result: OpResult }>();
  blobs = new Set<string>();
  forms: { form_id: string; version: string; names: { zh: string; en: string }; hash: string; datasets: string[]; xform: string }[] = [];
  media = new Map<string, string>();
  datasets: unknown[] = [];
  /** By household: what the server tells of its last photos; `pictureLimit`: so many pictures in one answer. */
  lastPhotos = new Map<string, { slot: string; attachment_id: string; taken_at: string; jpeg: string }[]>();
  pictureLimit = 1000;
  me = { id: "p1", username: "zhangmin", display_name: "张敏", roles: [{ role: "cadre", region: "990101001" }] as unknown[], qualifications: [] as unknown[] };
  requests: Request[] = [];
  /** Whose code any code is, and by person the installs that began by one. */
  codeOf = "";
  installsOf = new Map<string, Set<string>>();
  /** Somebody else chose the password. */
  mustChoose = false;
  pageSize = 500;
  judge: Judge = () => ({ status: "applied" });
  /** Called before a request is handled; may throw to break the line, or return a problem. */
  before: (path: string, count: number) => { status: number; code: string } | void = () => undefined;
  /** Called after a request was handled and stored; throw to lose the answer. */
  after: (path: string, count: number) => void = () => undefined;
  keyPair: CryptoKeyPair | null = null;
  private lastInstall = "";
  private counts = new Map<string, number>();

  feed(scope: string): Feed {
    const known = this.feeds.get(scope);
    if (known) return known;
    const made: Feed = { entries: [], head: 0, view: "v1", state: "granted", oldest: 0 };
    this.feeds.set(scope, made);
    return made;
  }

  /** Newest state of a record only: an older entry of the same record leaves the feed. */
  add(scope: string, entry: Omit<FeedEntry, "n"> & { [field: string]: unknown }): void {
    const feed = this.feed(scope);
    feed.head += 1;
    const numbered = { ...entry, n: feed.head } as unknown as FeedEntry;
    feed.entries = [...feed.entries.filter((other) => idOf(other) !== idOf(numbered)), numbered];
  }

  addHousehold(scope: string, id: string, version: number, data: Record<string, unknown>): void {
    this.add(scope, { type: "entity", dataset: "household", id, version, label: String(data["head_name"] ?? ""), region: "990101001", state: "active", data, contested: [] });
  }

  addMember(scope: string, household: string, id: string, version: number, data: Record<string, unknown>): void {
    this.add(scope, { type: "entity", dataset: "member", id, version, label: String(data["full_name"] ?? ""), region: "990101001", parent: household, state: "active", data: { household, ...data }, contested: [] });
  }

  /** `files`: text by name; the same version again with other files is what a changed policy looks like. */
  publish(form_id: string, version: string, xform: string, files: Record<string, string> = {}, more: Partial<FormEntry> = {}): void {
    const form = { form_id, version, names: { zh: "入户走访", en: "Household visit" }, hash: `md5:${version}`, datasets: ["household", "member"], xform };
    this.forms = [...this.forms.filter((one) => one.form_id !== form_id || one.version !== version), form];
    for (const [name, text] of Object.entries(files)) this.media.set(`/forms/${form_id}/${version}/media/${name}`, text);
    const media = Object.entries(files).map(([name, text]) => ({ name, hash: `md5:${text}` }));
    this.add("forms", { type: "form", form_id, version, hash: `md5:${version}`, state: "published", media, ...more });
  }

  fetch = async (input: string | URL | globalThis.Request, init: RequestInit = {}): Promise<Response> => {
    const path = String(input).replace(/^.*\/api\/v1/, "");
    const count = (this.counts.get(path) ?? 0) + 1;
    this.counts.set(path, count);
    const head = new Headers(init.headers);
    const body = init.body ? (JSON.parse(String(init.body)) as Record<string, unknown>) : {};
    this.requests.push({ path, body, token: head.get("Authorization") });
    const problem = this.before(path, count);
    if (problem) return new Response(JSON.stringify({ code: problem.code, detail: "refused" }), { status: problem.status });
    const answer = await this.answer(path, body);
    this.after(path, count);
    return answer;
  };

  private async answer(path: string, body: Record<string, unknown>): Promise<Response> {
    if (path === "/auth/login") return json(await this.login(body));
    if (path === "/auth/enrol") return json(await this.enrol(body));
    if (path === "/auth/recover-key") return json(await this.recover(body));
    if (path === "/auth/logout") return json({});
    if (path === "/auth/password") return json(this.changed());
    if (path === "/sync/hello") return json(this.hello());
    if (path === "/sync/push") return json(this.push(body["ops"] as Op[]));
    if (path === "/sync/pull") return json(this.pull(body));
    if (path.startsWith("/sync/digest")) return this.digest(decodeURIComponent(path.split("scope=")[1] ?? ""));
    if (path === "/blobs/have") return json({ have: (body["sha256"] as string[]).filter((hash) => this.blobs.has(hash)) });
    if (path === "/photos/last") return json(this.last(body["households"] as { id: string; have: string[] }[]));
    if (path === "/forms") return json(this.forms.map(({ xform: _xform, ...form }) => form));
    if (path === "/me") return json(this.me);
    if (path === "/datasets") return json({ items: this.datasets });
    if (path === "/regions") return json({ items: [] });
    const file = this.media.get(path);
    if (file !== undefined) return new Response(file);
    const form = this.forms.find((item) => path === `/forms/${item.form_id}/${item.version}/xform`);
    return form ? new Response(form.xform) : new Response(JSON.stringify({ code: "page.unknown" }), { status: 404 });
  }

  private last(asked: { id: string; have: string[] }[]): unknown {
    const items: { household_id: string; photos: { attachment_id: string; jpeg?: string }[] }[] = [];
    for (const { id, have } of asked) {
      if (items.flatMap((item) => item.photos).filter((photo) => photo.jpeg).length >= this.pictureLimit) break;
      const photos = (this.lastPhotos.get(id) ?? []).map(({ jpeg, ...photo }) => (have.includes(photo.attachment_id) ? photo : { ...photo, jpeg }));
      items.push({ household_id: id, photos });
    }
    return { items, left: asked.slice(items.length).map(({ id }) => id) };
  }

  private hello(): unknown {
    const feeds = [...this.feeds].map(([scope, feed]) => ({ scope, state: feed.state, head: feed.head, view: feed.view }));
    return { server_time: "2026-11-21T08:00:00+08:00", epoch: this.epoch, feeds, limits: { push_ops: 200, push_bytes: 1048576, op_bytes: 16777216 }, minimum_app_build: "0.0.1" };
  }

  private push(ops: Op[]): unknown {
    const results = ops.map((op) => {
      const kept = this.stored.get(op.op_id);
      const { status, code, detail } = kept?.result ?? {};
      if (kept) return { ...kept.result, status: "duplicate", first: { status, code, detail } };
      const result = { op_id: op.op_id, status: "applied", entities: [], missing_attachments: [], ...this.judge(op) } as OpResult;
      this.stored.set(op.op_id, { op: JSON.stringify(op), result });
      return result;
    });
    return { results, acked_seq: this.acked() };
  }

  private acked(): number {
    const seqs = new Set([...this.stored.values()].map(({ op }) => (JSON.parse(op) as Op).seq));
    let acked = 0;
    while (seqs.has(acked + 1)) acked += 1;
    return acked;
  }

  private digest(scope: string): Response {
    const feed = this.feeds.get(scope);
    if (!feed || feed.state !== "granted") return new Response(JSON.stringify({ code: "record.not_found" }), { status: 404 });
    const records = feed.entries.flatMap((entry) => (entry.type === "entity" ? [{ id: entry.id, version: entry.version }] : []));
    return json({ scope, head: feed.head, view: feed.view, ...digestOf(records) });
  }

  private pull(body: Record<string, unknown>): unknown {
    const asked = body["feeds"] as Record<string, { after: number; view: string | null }>;
    const feeds = Object.fromEntries(Object.entries(asked).map(([scope, { after, view }]) => [scope, this.page(scope, after, view)]));
    return { epoch: this.epoch, feeds, acked_seq: this.acked() };
  }

  private page(scope: string, after: number, view: string | null): unknown {
    const feed = this.feeds.get(scope);
    if (!feed || feed.state !== "granted") return { status: "gone", entries: [], next: after, more: false, head: 0, view: null };
    const base = { head: feed.head, view: feed.view };
    if (after > 0 && (after < feed.oldest || view !== feed.view)) return { status: "must_refetch", entries: [], next: 0, more: true, ...base };
    const left = feed.entries.filter((entry) => entry.n > after).sort((a, b) => a.n - b.n);
    const entries = left.slice(0, this.pageSize);
    return { status: "ok", entries, next: entries.at(-1)?.n ?? after, more: left.length > entries.length, ...base };
  }

  private async login(body: Record<string, unknown>): Promise<unknown> {
    this.keyPair ??= await crypto.subtle.generateKey({ name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["encrypt", "decrypt"]);
    const jwk = await crypto.subtle.exportKey("jwk", this.keyPair.publicKey);
    const username = String(body["username"]);
    this.lastInstall = String(body["install_id"]);
    return {
      token: `token-of-${username}`, expires_at: null, server_time: "2026-11-21T08:00:00+08:00", server_public_key_jwk: jwk,
      user: { id: "p1", username, display_name: "张敏", roles: [{ role: "cadre", region: "990101001" }], must_change_password: this.mustChoose },
    };
  }

  private changed(): object {
    this.mustChoose = false;
    return {};
  }

  /** An install that it knows goes on; else the new one begins. */
  private async enrol(body: Record<string, unknown>): Promise<unknown> {
    const known = (body["known"] as string[]).find((id) => this.installsOf.get(this.codeOf)?.has(id));
    const install_id = known ?? String(body["install_id"]);
    this.installsOf.set(this.codeOf, new Set([...(this.installsOf.get(this.codeOf) ?? []), install_id]));
    return { ...((await this.login({ username: this.codeOf, install_id })) as object), install_id };
  }

  private async recover(body: Record<string, unknown>): Promise<unknown> {
    const wrapped = Uint8Array.from(atob(String(body["wrapped"])), (letter) => letter.charCodeAt(0));
    const raw = await crypto.subtle.decrypt({ name: "RSA-OAEP", label: new TextEncoder().encode(this.lastInstall) }, (this.keyPair as CryptoKeyPair).privateKey, wrapped);
    return { key: btoa(String.fromCharCode(...new Uint8Array(raw))) };
  }
}

const json = (value: unknown): Response => new Response(JSON.stringify(value), { status: 200, headers: { "Content-Type": "application/json" } });

/** What fetch throws when the line breaks. */
export const brokenLine = (): never => {
  throw new TypeError("Failed to fetch");
};
