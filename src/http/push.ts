/** Makes what the server sends by itself, over one log. */

import { isOpen, type Settings } from "../config.ts";
import { Refusal } from "../errors.ts";
import { parseNetworks } from "../networks.ts";
import { readSmallFile } from "../options/bounded.ts";
import { Pushes, type PushOptions } from "../push/pushes.ts";
import { PushKey, pushKeyIn } from "../push/signing/key.ts";
import { hubUrl, urlsAt } from "./urls.ts";
import { VERSION } from "./version.ts";

type Parts = Pick<PushOptions, "log" | "access" | "accounts" | "operatorLog" | "report">;

/** A bundle of authorities. */
const PEM_BYTES_MAX = 4 * 1024 * 1024;

/**
 * @param here the URL under which this server is reached, once it listens
 * @throws Refusal `invalid-option` if the file of authorities cannot be read
 */
export function openPushes(parts: Parts, settings: Settings, here: () => string): Pushes {
	const { pushAllow, pushKey, pushAttemptsMax, data } = settings;
	return new Pushes({
		...parts,
		key: pushKey === undefined ? pushKeyIn(data) : new PushKey(() => Buffer.from(pushKey)),
		ways: {
			allowed: pushAllow === undefined ? undefined : parseNetworks(pushAllow),
			ca: authoritiesIn(settings.pushCa),
		},
		attemptsMax: pushAttemptsMax,
		hubUrl: settings.hub ? () => hubUrl(here()) : undefined,
		isOpen: isOpen(settings),
		isEveryoneAdmin: isOpen(settings) && settings.insecure,
		userAgent: `Varve/${VERSION}`,
		urls: () => urlsAt(here(), parts.log),
	});
}

function authoritiesIn(file: string | undefined): string | undefined {
	if (file === undefined) return undefined;
	try {
		return readSmallFile(file, PEM_BYTES_MAX);
	} catch (error) {
		const reason = `it cannot be read: ${(error as Error).message}`;
		throw new Refusal("invalid-option", { option: "--push-ca", value: file, reason });
	}
}
