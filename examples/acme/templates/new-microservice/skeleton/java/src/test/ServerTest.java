import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Runs with nothing but a JDK; exits 1 on the first failure. */
public final class ServerTest {
    private static HttpResponse<String> ask(int port, String path) throws Exception {
        URI address = URI.create("http://127.0.0.1:" + port + path);
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void check(boolean holds, String what) {
        System.out.println((holds ? "ok - " : "not ok - ") + what);
        if (!holds) System.exit(1);
    }

    public static void main(String[] arguments) throws Exception {
        Server server = Server.start("127.0.0.1", 0);
        check(ask(server.port(), "/").body().contains("Hello from"), "it greets");
        check(ask(server.port(), "/health").statusCode() == 200, "it is healthy without a database");
        check(ask(server.port(), "/nowhere").statusCode() == 404, "a path nobody knows is a 404");
        System.exit(0);
    }
}
