using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

/// <summary>The guards of the web server as a client meets them.</summary>
public sealed class WebServerTests
{
    private const string Wrong = "not-the-token-01234";

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("GET", "/nowhere")]
    [InlineData("POST", "/stop")]
    [InlineData("POST", "/resume")]
    [InlineData("POST", "/instruction")]
    public async Task Without_the_token_nothing_is_told_and_nothing_happens(string method, string path)
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);

        var answer = await rig.Client().SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.StartsWith("send the token", await ErrorAsync(answer), StringComparison.Ordinal);
        rig.Tick();
        Assert.Equal(ControlState.Hold, rig.Robot.Last.State);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(SocketException))]
    public async Task An_address_that_the_system_does_not_give_is_named_with_what_names_another(Type failure)
    {
        var wrong = await Assert.ThrowsAsync<UsageException>(() =>
            WebServer.ListenAsync(
                () => throw (Exception)Activator.CreateInstance(failure)!,
                "http://127.0.0.1:80/",
                "--http"
            )
        );

        Assert.StartsWith("cannot listen at http://127.0.0.1:80/: ", wrong.Message, StringComparison.Ordinal);
        Assert.EndsWith("choose another address with --http", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_token_the_robot_stops()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);

        Assert.Equal(HttpStatusCode.OK, (await rig.Client(ApiRig.Token).PostAsync("/stop", null)).StatusCode);

        rig.Tick();
        Assert.Equal(ControlState.Stop, rig.Robot.Last.State);
    }

    [Fact]
    public async Task Health_tells_a_stranger_whether_all_is_well_and_no_more()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);

        var silent = await rig.Client().GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, silent.StatusCode);
        Assert.Empty(await silent.Content.ReadAsByteArrayAsync());

        Assert.NotEmpty(await (await rig.Client(ApiRig.Token).GetAsync("/healthz")).Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_stop_that_a_robot_does_not_take_is_answered_with_its_name_and_no_success()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);
        rig.Robot.Before = action =>
        {
            if (action.State == ControlState.Stop)
                throw new IOException("the plug is out");
        };

        var answer = await rig.Client().PostAsync("/stop", null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(
            "the stop is published, but output fake has not taken it: the plug is out; the robot may still be "
                + "moving: use its own emergency stop",
            await ErrorAsync(answer)
        );
        Assert.Equal("output fake fails: the plug is out", rig.Problem());

        rig.Robot.Before = _ => { };
        Assert.Equal(HttpStatusCode.OK, (await rig.Client().PostAsync("/stop", null)).StatusCode);
        Assert.Null(rig.Problem());
    }

    [Fact]
    public async Task A_stop_or_its_end_that_no_tick_publishes_is_no_success()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);
        rig.TicksForOperators = false;

        await NotPublished(
            "/stop",
            "the stop is not published: the control loop publishes nothing; the robot may still be moving: use its "
                + "own emergency stop"
        );
        await NotPublished("/resume", "the robot is not resumed yet: the control loop publishes nothing");

        async Task NotPublished(string path, string error)
        {
            var asked = rig.Client().PostAsync(path, null);
            using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
            while (!asked.IsCompleted)
            {
                await look.WaitForNextTickAsync();
                rig.Clock.Advance(20);
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await asked).StatusCode);
            Assert.Equal(error, await ErrorAsync(await asked));
        }
    }

    [Fact]
    public async Task A_wrong_token_is_refused_late_also_where_none_is_needed()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);

        foreach (var path in (string[])["/status", "/healthz"])
        {
            var answer = rig.Client(Wrong).GetAsync(path);
            await PassTimeUntil(rig, answer);
            Assert.Equal(HttpStatusCode.Unauthorized, (await answer).StatusCode);
            Assert.True((await answer).Headers.ConnectionClose);
        }
    }

    [Fact]
    public async Task The_operator_stops_the_robot_while_guessers_hammer_even_from_the_same_address()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);
        var guessers = Enumerable
            .Range(0, 8)
            .Select(i => rig.Client(Wrong, from: $"127.0.0.{1 + i % 2}"))
            .SelectMany(guesser => Enumerable.Range(0, 10).Select(_ => guesser.PostAsync("/stop", null)))
            .ToList();

        foreach (var address in (string[])["127.0.0.1", "127.0.0.3"])
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await rig.Client(ApiRig.Token, address).PostAsync("/stop", null)).StatusCode
            );
            rig.Tick();
            Assert.Equal(ControlState.Stop, rig.Robot.Last.State);
            Assert.Equal(
                HttpStatusCode.OK,
                (await rig.Client(ApiRig.Token, address).PostAsync("/resume", null)).StatusCode
            );
            rig.Tick();
            Assert.Equal(ControlState.Hold, rig.Robot.Last.State);
        }

        await PassTimeUntil(rig, Task.WhenAll(guessers));
        var codes = guessers.Select(guesser => guesser.Result.StatusCode).ToHashSet();
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests], codes.Order());
    }

    [Fact]
    public async Task A_browser_logs_in_and_its_session_is_kept_from_scripts_and_other_sites()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);
        var browser = rig.Client();
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");

        var asked = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        Assert.Contains("<form", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var wrong = LogInAsync(browser, Wrong);
        await PassTimeUntil(rig, wrong);
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong).StatusCode);
        Assert.Contains("not the token", await (await wrong).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False((await wrong).Headers.Contains("Set-Cookie"));

        var right = await LogInAsync(browser, ApiRig.Token);
        Assert.Equal((HttpStatusCode.SeeOther, "/"), (right.StatusCode, right.Headers.Location!.ToString()));
        var cookie = Assert.Single(right.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("; samesite=strict", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(ApiRig.Token, cookie, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync("/stop", null)).StatusCode);
        rig.Time.Advance(HttpToken.SessionTime);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.PostAsync("/stop", null)).StatusCode);
    }

    [Fact]
    public async Task Without_a_token_in_force_there_is_nothing_to_log_in_to()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);

        Assert.Equal(HttpStatusCode.NotFound, (await rig.Client().GetAsync("/login")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rig.Client().PostAsync("/stop", null)).StatusCode);
    }

    [Fact]
    public async Task A_request_of_another_site_is_refused_even_with_the_token()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);
        var client = rig.Client(ApiRig.Token);
        client.DefaultRequestHeaders.Add("Origin", "http://elsewhere.example");

        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync("/resume", null)).StatusCode);
    }

    [Fact]
    public async Task What_is_too_large_is_refused()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);
        var client = rig.Client();

        Assert.Equal(
            HttpStatusCode.RequestUriTooLong,
            (await client.GetAsync("/" + new string('a', 8_000))).StatusCode
        );

        using var manyHeaders = new HttpRequestMessage(HttpMethod.Get, "/healthz");
        for (var i = 0; i < 100; i++)
            manyHeaders.Headers.Add($"X-{i}", "x");
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await client.SendAsync(manyHeaders)).StatusCode);

        using var largeHeader = new HttpRequestMessage(HttpMethod.Get, "/healthz");
        largeHeader.Headers.Add("X", new string('x', 20_000));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await client.SendAsync(largeHeader)).StatusCode);

        var body = await client.PostAsync("/instruction", new ByteArrayContent(new byte[HttpApi.LargestBody + 1]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, body.StatusCode);
        Assert.StartsWith("the request cannot be read", await ErrorAsync(body), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> LogInAsync(HttpClient browser, string token) =>
        browser.PostAsync("/login", new FormUrlEncodedContent([KeyValuePair.Create("token", token)]));

    private static async Task<string> ErrorAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString()!;

    /// <summary>Lets the server's time go on, in small steps, until something has come to its end.</summary>
    private static async Task PassTimeUntil(ApiRig rig, Task end)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!end.IsCompleted)
        {
            await look.WaitForNextTickAsync();
            rig.Time.Advance(GuessingDelay.FirstDelay);
        }
    }
}
