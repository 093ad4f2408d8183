# Varnish in front of Varve: sealed pages come from Varnish's memory, and the server bans deleted or erased events by
# tag. Adapt the lines marked with HERE; start the server with --purge-url http://varnish:6081 --purge-method BAN.
vcl 4.1;

import std;

backend varve {
    .host = "127.0.0.1"; # HERE: the server
    .port = "2113";
    # Longer than --long-poll-seconds-max and --request-timeout-ms together.
    .first_byte_timeout = 180s;
}

# Only the server may ban. HERE
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "BAN") {
        if (client.ip !~ purgers) {
            return (synth(403, "Not allowed"));
        }
        if (req.http.Cache-Tag !~ "^[a-z0-9]+(,[a-z0-9]+)*$") {
            return (synth(400, "Which tags?"));
        }
        # A tag between commas, or at an end. The lurker works off bans that use only obj, in the background.
        if (std.ban("obj.http.Cache-Tag ~ (^|,)(" + regsuball(req.http.Cache-Tag, ",", "|") + ")(,|$)")) {
            return (synth(200, "Banned"));
        }
        return (synth(500, std.ban_error()));
    }
    # Appends, and reads that wait, concern only one client.
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.ES-LongPoll || req.http.Kurrent-LongPoll || req.http.ES-MinPosition || req.http.Kurrent-MinPosition ||
        req.http.ES-ResolveLinkTos || req.http.Kurrent-ResolveLinkTos) {
        return (pass);
    }
    # Lines and live events do not end soon; a cache would wait for their end.
    if (req.http.Accept ~ "ndjson|event-stream") {
        return (pipe);
    }
    # Credentials have no meaning yet: anyone may read what the server's headers let caches keep.
    return (hash);
}

sub vcl_hash {
    # The path unchanged, and the host, because links start with it. The server sends Vary for Accept and Accept-Encoding.
    hash_data(req.url);
    hash_data(req.http.Host);
    return (lookup);
}

sub vcl_backend_response {
    # The server's Cache-Control decides how long. Varnish does not keep other answers, and requests for them do not
    # wait for each other.
    if (beresp.http.Cache-Control !~ "max-age=[1-9]") {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
    }
    # After its time, Varnish asks for a page again, and does not show the old one meanwhile: it may have been erased.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache-Status = "HIT";
    } else {
        set resp.http.X-Cache-Status = "MISS";
    }
    # The tags are between the server and its caches. A CDN in front of Varnish needs them: remove these lines then. HERE
    unset resp.http.Cache-Tag;
    unset resp.http.Surrogate-Key;
}
