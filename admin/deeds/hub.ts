/** Carries out the form that ends a subscriber of the hub. */
import { Refusal } from "../../src/errors.ts";
import { REASON } from "../../src/push/hub/shown.ts";
import type { Screen } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { subscriber } from "../screens/hub/subscriber.ts";

export async function endSubscriber(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const [id, reason] = [form.get("id") ?? "", (form.get("reason") ?? "").trim()];
	try {
		const { standing } = await visit.store.hub.one(id);
		const { host } = new URL(standing.subscriber.callback);
		if ((form.get("confirm") ?? "").trim() !== host) {
			throw malformed("What was typed is not what the form asks for. Nothing was changed.");
		}
		if (!REASON.test(reason)) throw malformed("The reason has more than 200 characters.");
		await visit.store.hub.deny(id, reason);
		return redirect(visit, "/hub");
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401 || problem.status === 404) throw error;
		const of = { ...frame, visit: { ...visit, target: { ...visit.target, id } } };
		return subscriber(of, { problem, reason });
	}
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}
