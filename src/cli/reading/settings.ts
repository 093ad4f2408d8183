/** `--settings JSON`: what is to be made, or changed, as the API takes it. */
import type { Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { EXIT, optionalText } from "../verb.ts";

/**
 * @param example for whoever gave something else
 * @returns an empty object if the option is not there
 * @throws Failure
 */
export function settingsOf(values: Values, example: string): object {
	const given = optionalText(values, "settings") ?? "{}";
	try {
		const settings: unknown = JSON.parse(given);
		if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) {
			return settings;
		}
	} catch {
		// Said below.
	}
	throw new Failure(`--settings takes a JSON object, such as ${example}`, EXIT.usage);
}
