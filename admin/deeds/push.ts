/** Carries out the forms about webhooks, and shows their page again. */
import { isRefusal, Refusal } from "../../src/errors.ts";
import { tagOf } from "../../src/push/webhooks/webhook.ts";
import type { Screen, ShownProblem, Visit } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { html } from "../html.ts";
import { visible } from "../parts/visible.ts";
import { webhookPath } from "../screens/webhooks/form.ts";
import { webhooks } from "../screens/webhooks/list.ts";
import { secretAlone, type Told, webhook } from "../screens/webhooks/screen.ts";

/** Each returns the path to go on to, or what the page of the webhook is to tell. */
type Perform = (visit: Visit, name: string, form: URLSearchParams) => Promise<string | Told>;

const ABSENT = { holds: (tag: string | undefined) => tag === undefined };
const HOUR_SECONDS = 3600;

const DEEDS: Readonly<Record<string, Perform>> = {
	async create({ store }, name, form) {
		const [stream, url] = [form.get("stream") ?? "", form.get("url") ?? ""];
		const settings = { ...settingsIn(form), stream, url: url.trim() };
		const { secret } = await store.webhooks.put(name, settings, ABSENT);
		return secret ? { secret: secret.secret } : webhookPath(name);
	},
	async update({ store }, name, form) {
		const read = tagOf({ version: Number(form.get("version")) });
		await store.webhooks.put(name, settingsIn(form), { holds: (tag) => tag === read });
		return webhookPath(name);
	},
	async pause({ store }, name) {
		await store.webhooks.setPaused(name, true);
		return webhookPath(name);
	},
	async resume({ store }, name) {
		await store.webhooks.setPaused(name, false);
		return webhookPath(name);
	},
	async test({ store }, name) {
		const { word, reason, durationMs } = await store.webhooks.test(name);
		const isTaken = word === "delivered";
		const said = isTaken ? `taken in ${durationMs} ms` : `not taken: ${reason}`;
		const tone = isTaken ? "ok" : "bad";
		return { note: html`<p class="note ${tone}" role="status">The test was ${visible(said)}.</p>` };
	},
	async rotate({ store }, name, form) {
		const hours = form.get("hours") ?? "";
		if (!/^\d{1,3}$/.test(hours)) throw malformed("The hours are no whole number.");
		const { secret } = await store.webhooks.rotate(name, Number(hours) * HOUR_SECONDS);
		return secret ? { secret: secret.secret } : webhookPath(name);
	},
	async replay({ store }, name, form) {
		await store.webhooks.replay(name, stopIn(form));
		return `${webhookPath(name)}#parked`;
	},
	async discard({ store }, name, form) {
		await store.webhooks.discard(name, stopIn(form));
		return `${webhookPath(name)}#parked`;
	},
	async delete({ store }, name, form) {
		if ((form.get("confirm") ?? "").trim() !== name) {
			throw malformed("What was typed is not what the form asks for. Nothing was changed.");
		}
		await store.webhooks.remove(name, undefined);
		return "/webhooks";
	},
};

/** @throws Refusal `malformed-body` for a form that no page has */
export async function push(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = form.get("action") ?? "";
	const perform = Object.hasOwn(DEEDS, action) ? DEEDS[action] : undefined;
	if (!perform) throw malformed(`No form has the action '${action.slice(0, 40)}'.`);
	const name = form.get("name") ?? "";
	const of = { ...frame, visit: { ...visit, target: { ...visit.target, id: name } } };
	try {
		const done = await perform(visit, name, form);
		if (typeof done === "string") return redirect(visit, done);
		// A secret is shown this once, whatever has become of its webhook meanwhile.
		return await webhook(of, done).catch((error: unknown) => {
			if (done.secret === undefined || !isRefusal(error)) throw error;
			return secretAlone(of, name, done.secret);
		});
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401) throw error;
		if (action === "create") return webhooks(frame, { problem, fields: fieldsIn(form) });
		return again(of, problem, action === "update" ? textIn(form) : undefined);
	}
}

/** The page that the form was on; if that is gone, what happened to it. */
function again(frame: Frame, problem: ShownProblem, settings: string | undefined) {
	return webhook(frame, { problem, settings });
}

function fieldsIn(form: URLSearchParams) {
	const text = (name: string) => form.get(name) ?? "";
	return { name: text("name"), stream: text("stream"), url: text("url"), settings: textIn(form) };
}

function textIn(form: URLSearchParams): string {
	return form.get("settings") ?? "";
}

/** @throws Refusal `malformed-body` */
function settingsIn(form: URLSearchParams): { readonly [name: string]: unknown } {
	const text = textIn(form).trim() || "{}";
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw malformed(`The settings are not JSON: ${(error as Error).message}.`);
	}
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
	throw malformed("The settings are no JSON object.");
}

/** @throws Refusal `malformed-body` */
function stopIn(form: URLSearchParams): number | undefined {
	const text = (form.get("stopAt") ?? "").trim();
	if (text === "") return undefined;
	if (/^\d{1,15}$/.test(text)) return Number(text);
	throw malformed(`'${text.slice(0, 40)}' is no number of a parked event.`);
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}
