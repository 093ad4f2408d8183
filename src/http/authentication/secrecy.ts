/**
 * Whether a request came to us unread. A password or a token in plain HTTP can be read by everybody
 * on its way, so the server takes one only
 *
 *   - over TLS;
 *   - from this machine, if no proxy has passed it on: a proxy may have got it from anywhere;
 *   - from a proxy that `--trusted-proxies` names, if that says that its client used https;
 *   - anywhere, if `--tls off` says that something else keeps it secret, such as a private network.
 *
 * It is refused and not ignored: its owner has to know that it was shown to others.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../errors.ts";
import { isLoopbackAddress } from "../../networks.ts";
import { forwardedScheme } from "../request/base.ts";
import { isForwarded } from "../request/origin.ts";
import { connectionOf } from "../sockets/connection.ts";

type TlsSetting = { readonly tls: string };

/** @throws Refusal `plain-credentials` if it has credentials that others could read */
export function refusePlainCredentials(req: IncomingMessage, settings: TlsSetting): void {
	if (req.headers.authorization !== undefined) refusePlainSecret(req, settings);
}

/**
 * As `refusePlainCredentials`, for a request that has a password in its body.
 * @throws Refusal `plain-credentials`
 */
export function refusePlainSecret(req: IncomingMessage, { tls }: TlsSetting): void {
	if (tls === "off" || isSecret(req)) return;
	throw new Refusal("plain-credentials", { isForwarded: isForwarded(req) });
}

/** Whether nobody between its client and this server could read the request. */
export function isSecret(req: IncomingMessage): boolean {
	const { isSecure, isTrusted } = connectionOf(req.socket);
	const isPassedOn = isForwarded(req);
	if (isTrusted && isPassedOn) {
		return (forwardedScheme(req) ?? (isSecure ? "https" : "http")) === "https";
	}
	return isSecure || (!isPassedOn && isLoopbackAddress(req.socket.remoteAddress ?? ""));
}
