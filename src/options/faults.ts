/** The refusals of options. */
import { Refusal } from "../errors.ts";

/** What Kubernetes and Docker set for a service or a link. */
export const ORCHESTRATED_VALUE = /^(tcp|udp|sctp):\/\//;

export function unknownOption(option: string, close: string | undefined): Refusal {
	return new Refusal("unknown-option", {
		option,
		...(close === undefined ? {} : { nearest: close }),
	});
}

export function invalidOption(option: string, value: string, reason: string): Refusal {
	// Kubernetes sets VARVE_PORT if a service is named varve. That is hard to guess, so say it.
	const linked = ORCHESTRATED_VALUE.test(value)
		? "; Kubernetes seems to have set it for a service named varve; enableServiceLinks: false prevents that"
		: "";
	// The password of a URL is hidden, because the message goes to logs.
	const shown = value.replace(/\/\/[^/,]*@/g, "//***@");
	return new Refusal("invalid-option", { option, value: shown, reason: reason + linked });
}
