/** The parts of the forms about subscriptions, and the paths of their pages. */
import { subscriptionUrl } from "../../../src/http/urls.ts";
import type { Visit } from "../../../src/screens.ts";
import type { SubscriptionName } from "../../../src/subscriptions/names.ts";
import { type Html, html } from "../../html.ts";
import { hasUnseen, visible } from "../../parts/visible.ts";

/** Where the forms are sent. */
export const FORMS = "/ui/subscriptions";
/** Nobody types more. */
const TYPED_CHARACTERS = 200;

export function subscriptionPath(name: SubscriptionName, below = ""): string {
	return `${subscriptionUrl("", name)}${below}`;
}

/** @param name of the subscription that the form is about, if there is one yet */
export function hiddenFields({ token }: Visit, action: string, name?: SubscriptionName): Html {
	const about =
		name &&
		html`<input type="hidden" name="stream" value="${name.stream}"><input type="hidden" name="group" value="${name.group}">`;
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}">${about}`;
}

export function settingsField(label: string, text: string, rows: number): Html {
	return html`<label class="field">${label}<textarea name="settings" rows="${rows}" spellcheck="false">${"\n"}${text}</textarea></label>`;
}

/** What a person types to confirm: the group, or the word for the deed if it cannot be typed. */
export function confirmationOf({ group }: SubscriptionName, deed: "delete" | "discard"): string {
	return hasUnseen(group) || group.length > TYPED_CHARACTERS ? deed : group;
}

export function confirmationField(name: SubscriptionName, deed: "delete" | "discard"): Html {
	const wanted = confirmationOf(name, deed);
	const what = wanted === name.group ? "the group" : "the word";
	return html`<label class="field"><span>To do it, type ${what} <b class="mono">${visible(wanted)}</b></span><input class="mono" name="confirm" required autocomplete="off" spellcheck="false"></label>`;
}
