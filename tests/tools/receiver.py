"""receiver.py KIND [CERT KEY]: takes webhooks, badly. Prints its port, writes a line for each request to `got`.

Each line: path, webhook-id, whether the receiver counts it as taken, signature right, body, content type. Of
each message to /shaky the first try is answered with 500, the second is cut off after it was read, the third of some
is answered too late (taken here, but the sender sends it once more), all others are taken; to /calm all are taken; to
/gone none until the file `open` exists.
"""
import base64, hashlib, hmac, http.server, json, os, ssl, sys, threading, time

SECRETS = {"/shaky": base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "/calm": b"a-plain-text-secret",
           "/gone": b"sixteen-letters!", "/test": b"sixteen-letters!"}
tries, lock = {}, threading.Lock()
out = open("got", "a", buffering=1)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args):
        pass
    def signed(self, body):
        text = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        want = "v1," + base64.b64encode(hmac.new(SECRETS[self.path], text, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 60
        return fresh and want in self.headers["webhook-signature"].split(" ")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        key = (self.path, self.headers["webhook-id"])
        with lock:
            n = tries[key] = tries.get(key, 0) + 1
        status = 200
        if self.path == "/shaky" and n <= 3:
            status = 0 if n == 2 else -1 if n == 3 and key[1][-3] in "05a" else 500 if n == 1 else 200
        elif self.path == "/gone" and not os.path.exists("open"):
            status = 410
        with lock:
            out.write(json.dumps([self.path, key[1], status in (200, -1), self.signed(body), json.loads(body),
                                  self.headers["content-type"]]) + "\n")
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        if status == -1:
            time.sleep(0.6) # longer than the sender waits
            status = 200
        try:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()
        except OSError:
            pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
