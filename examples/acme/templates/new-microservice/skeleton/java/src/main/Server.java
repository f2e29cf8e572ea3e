import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** The service: routes in {@link #start}, one method each. */
public final class Server {
    private final HttpServer http;

    private Server(HttpServer http) {
        this.http = http;
    }

    static String env(String name, String fallback) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? fallback : value;
    }

    static Server start(String host, int port) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(host, port), 0);
        http.createContext("/health", Server::health);
        http.createContext("/", Server::home);
        http.setExecutor(Executors.newCachedThreadPool());
        http.start();
        return new Server(http);
    }

    int port() {
        return http.getAddress().getPort();
    }

    void stop(int seconds) {
        http.stop(seconds);
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        try (var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    /** Dials the database the platform made. Use your driver's ping once you have one. */
    private static boolean databaseAnswers(String url) {
        URI address = URI.create(url);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), 2000);
            return true;
        } catch (IOException error) {
            return false;
        }
    }

    private static void health(HttpExchange exchange) throws IOException {
        String url = env("DATABASE_URL", "");
        boolean healthy = url.isEmpty() || databaseAnswers(url);
        String database = url.isEmpty() ? "none" : healthy ? "ok" : "unreachable";
        send(exchange, healthy ? 200 : 503, String.format("{\"status\":\"%s\",\"version\":\"%s\",\"database\":\"%s\"}",
                healthy ? "ok" : "failing", env("VERSION", "development"), database));
    }

    private static void home(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestURI().getPath().equals("/")) {
            send(exchange, 404, "{\"error\":\"There is nothing here\"}");
            return;
        }
        String service = env("SERVICE_NAME", "${{ values.name }}");
        send(exchange, 200, String.format("{\"message\":\"Hello from %s\",\"service\":\"%s\",\"environment\":\"%s\",\"version\":\"%s\"}",
                service, service, env("ENVIRONMENT", "local"), env("VERSION", "development")));
    }

    public static void main(String[] arguments) throws IOException {
        Server server = start(env("HOST", "127.0.0.1"), Integer.parseInt(env("PORT", "8080")));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(2)));
        System.out.println("listening on " + server.port());
    }
}
