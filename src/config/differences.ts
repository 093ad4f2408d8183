/** What logs tell of settings: those that are not the defaults, and what a reload changes. */
import type { Option, Value, Values } from "../options.ts";

/** The settings that differ from their defaults, by flag; of a secret, what may be shown. */
export function settingsShown(options: readonly Option[], settings: Values): Values {
	const set = options.filter(({ name, default: usual }) => settings[name] !== usual);
	return Object.fromEntries(set.map((option) => [option.flag, shownOf(option, settings)]));
}

export type Differences = {
	/** The flags whose new values a running server takes, with these values. */
	readonly taken: Values;
	/** The flags whose new values count from the next start on. */
	readonly waiting: readonly string[];
};

export function differencesOf(
	options: readonly Option[],
	before: Values,
	after: Values,
): Differences {
	const other = options.filter(({ name }) => before[name] !== after[name]);
	const taken = other.filter(({ reloads }) => reloads);
	return {
		taken: Object.fromEntries(taken.map((option) => [option.flag, shownOf(option, after)])),
		waiting: other.filter(({ reloads }) => !reloads).map(({ flag }) => flag),
	};
}

function shownOf({ name, shown }: Option, settings: Values): Value {
	const value = settings[name];
	return shown && typeof value === "string" ? shown(value) : value;
}
