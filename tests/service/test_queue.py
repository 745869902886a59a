"""The bounded queue, deadlines, and what a service does under more work than it can do."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.service.conftest import photo_bytes
from tests.service.double import engine_on
from tests.service.live import in_thread, wait_until
from thatlook.service.app import create_app
from thatlook.service.problems import Problem
from thatlook.service.queue import Uploads, WorkQueue, deadline
from thatlook.service.settings import ServiceSettings


def ask(client):
    return client.post("/v1/looks", files={"photo": ("a.jpg", photo_bytes(), "image/jpeg")})


async def until(true):
    while not true():
        await asyncio.sleep(0.001)


def test_no_more_than_threads_run_and_no_more_than_waiting_wait():
    queue = WorkQueue(2, 3)
    gate, running, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def job():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait(60)
        with lock:
            running -= 1

    async def scenario():
        jobs = [asyncio.ensure_future(queue.run(job)) for _ in range(5)]
        await until(lambda: queue.taken == 5)
        with pytest.raises(Problem) as refused:
            await queue.run(job)
        with pytest.raises(Problem):
            queue.check()
        assert refused.value.status == 503
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 30
        gate.set()
        await asyncio.gather(*jobs)
        await queue.run(job)  # and it recovers

    asyncio.run(scenario())
    queue.close()
    assert most == 2
    assert queue.taken == 0


def test_a_job_that_waits_is_dropped_with_its_caller_one_that_runs_keeps_its_place():
    queue = WorkQueue(1, 2)
    gate, started, ran = threading.Event(), threading.Event(), []

    def held():
        started.set()
        gate.wait(60)

    async def scenario():
        first = asyncio.ensure_future(queue.run(held))
        await until(started.is_set)
        second = asyncio.ensure_future(queue.run(lambda: ran.append(2)))
        await until(lambda: queue.taken == 2)
        second.cancel()
        first.cancel()
        await asyncio.wait((first, second))
        await until(lambda: queue.taken == 1)  # the first still holds its thread
        gate.set()

    asyncio.run(scenario())
    queue.close()
    assert (queue.taken, ran) == (0, [])


def test_a_closed_queue_says_that_the_service_is_stopping():
    queue = WorkQueue(1, 1)
    queue.close()
    with pytest.raises(Problem) as refused:
        asyncio.run(queue.run(lambda: None))
    assert (refused.value.status, refused.value.code, queue.taken) == (503, "stopping", 0)


def test_what_a_job_raises_comes_out():
    queue = WorkQueue(1, 0)

    def job():
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(queue.run(job))
    queue.close()


def test_deadline_is_a_problem_and_other_timeouts_stay():
    async def late():
        async with deadline(0.01):
            await asyncio.Event().wait()

    async def own():
        async with deadline(10):
            raise TimeoutError

    with pytest.raises(Problem) as error:
        asyncio.run(late())
    assert (error.value.status, error.value.code) == (503, "deadline")
    with pytest.raises(TimeoutError):
        asyncio.run(own())


def test_uploads_are_bounded():
    async def scenario():
        uploads = Uploads(3, per_caller=2)
        async with uploads.slot("a"), uploads.slot("a"):
            with pytest.raises(Problem, match="more than 2 requests at once from a"):
                async with uploads.slot("a"):
                    pass
            async with uploads.slot("b"):
                with pytest.raises(Problem, match="too many uploads"):
                    async with uploads.slot("c"):
                        pass
        async with uploads.slot("a"), uploads.slot("a"):
            pass

    asyncio.run(scenario())


def test_a_full_service_answers_503_and_recovers(serve, double):
    double.delay_s = 0.3
    client = serve(threads=1, queue=1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(client), range(8)))
    statuses = sorted(a.status_code for a in answers)
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 2
    busy = next(a for a in answers if a.status_code == 503)
    assert busy.json()["code"] == "busy"
    assert int(busy.headers["retry-after"]) >= 1
    assert ask(client).status_code == 200


def test_a_late_answer_is_given_up(serve, double):
    client = serve(threads=1, deadline_s=0.2)
    double.delay_s = 0.6
    answer = ask(client)
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline")
    double.delay_s = 0
    wait_until(lambda: client.app.state.service.photos.taken == 0)
    assert ask(client).status_code == 200


def test_a_photo_that_waits_goes_with_its_client(filled_folder, double, monkeypatch):
    """Others get its place, and it is never worked on."""
    gate, parse = threading.Event(), double.parse_image
    monkeypatch.setattr(double, "parse_image", lambda *given: gate.wait(60) and parse(*given))
    app = create_app(
        ServiceSettings(threads=1, queue=2), lambda: engine_on(filled_folder, double, 0)
    )
    with in_thread(app) as address, ThreadPoolExecutor(2) as pool:
        photos = app.state.service.photos
        first = pool.submit(posted, address)
        wait_until(lambda: photos.taken == 1)
        gone = [left(address) for _ in range(2)]
        wait_until(lambda: photos.taken == 3)
        assert posted(address) == 503
        for connection in gone:
            connection.close()
        wait_until(lambda: photos.taken == 1)
        last = pool.submit(posted, address)
        wait_until(lambda: photos.taken == 2)
        gate.set()
        assert [first.result(), last.result()] == [200, 200]
    assert double.calls == 2


def left(address):
    """A connection with a photo sent whose answer nobody waits for yet."""
    request = httpx2.Request("POST", f"{address}/v1/looks", files={"photo": photo_bytes()})
    connection = HTTPConnection(urlsplit(address).netloc)
    connection.request("POST", "/v1/looks", request.read(), dict(request.headers))
    return connection


def posted(address):
    return httpx2.post(
        f"{address}/v1/looks", files={"photo": photo_bytes()}, timeout=60
    ).status_code


def test_the_event_loop_is_free_while_photos_are_worked_on(serve, double, monkeypatch):
    gate, parse, waited = threading.Event(), double.parse_image, []

    def held(*arguments):
        waited.append(gate.wait(60))
        return parse(*arguments)

    monkeypatch.setattr(double, "parse_image", held)
    client = serve(threads=2)
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(ask, client) for _ in range(2)]
        wait_until(lambda: client.app.state.service.photos.taken == 2)
        assert client.get("/healthz").status_code == 200
        assert not waited
        gate.set()
        assert [job.result().status_code for job in slow] == [200, 200]
    assert waited == [True, True]


def test_a_stopping_service_finishes_what_it_has(filled_folder, double):
    from fastapi.testclient import TestClient

    double.delay_s = 0.2
    app = create_app(ServiceSettings(threads=1), lambda: engine_on(filled_folder, double, 0))
    with TestClient(app) as client:
        assert ask(client).status_code == 200
        service = app.state.service
    assert service.ready is False
    assert service.photos.taken == 0
