import json
import threading
import unittest
from urllib.error import HTTPError
from urllib.request import urlopen

from app.server import create_server


class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = create_server("127.0.0.1", 0)
        cls.base = f"http://127.0.0.1:{cls.server.server_port}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def test_it_greets(self):
        with urlopen(self.base) as reply:
            self.assertIn("Hello from", json.load(reply)["message"])

    def test_it_is_healthy_without_a_database(self):
        with urlopen(f"{self.base}/health") as reply:
            self.assertEqual(reply.status, 200)

    def test_a_path_nobody_knows_is_a_404(self):
        with self.assertRaises(HTTPError) as caught:
            urlopen(f"{self.base}/nowhere")
        self.assertEqual(caught.exception.code, 404)
        caught.exception.close()


if __name__ == "__main__":
    unittest.main()
