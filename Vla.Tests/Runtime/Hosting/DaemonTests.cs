using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OpenCvSharp;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>The whole daemon, from a video file to datagrams, steered over HTTP.</summary>
public sealed class DaemonTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly RunningDaemon _daemon;

    public DaemonTests() => _daemon = new RunningDaemon(new VlaSettings { Camera = [WriteVideo() + "?loop"] });

    private HttpClient Http => _daemon.Http;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _daemon.EndAsync();

    public void Dispose()
    {
        _daemon.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_video_and_an_instruction_become_actions_and_the_last_message_is_a_stop()
    {
        var idle = await _daemon.NextAsync(_ => true);
        Assert.Equal("hold", State(idle));
        Assert.Equal("no instruction yet", idle.GetProperty("reason").GetString());

        var given = await Http.PostAsync("/instruction", new StringContent("pick up the red block"));
        Assert.Equal(HttpStatusCode.OK, given.StatusCode);

        var first = await _daemon.NextAsync(action => State(action) == "policy");
        Assert.Equal("pick up the red block", first.GetProperty("instruction").GetString());
        var later = await _daemon.NextAsync(action => Frame(action) > Frame(first) + 2);
        foreach (
            var (before, after) in new[]
            {
                ("captured_ns", "encoded_ns"),
                ("encoded_ns", "fused_ns"),
                ("fused_ns", "decoded_ns"),
                ("decoded_ns", "published_ns"),
            }
        )
            Assert.True(
                later.GetProperty(before).GetInt64() <= later.GetProperty(after).GetInt64(),
                $"{before} comes after {after}"
            );

        Assert.Equal("stop", State((await _daemon.EndAsync())[^1]));
    }

    [Fact]
    public async Task An_operator_stops_and_resumes_the_robot()
    {
        await _daemon.NextAsync(_ => true);
        await Http.PostAsync("/instruction", JsonContent.Create(new { instruction = "push the block left" }));
        await _daemon.NextAsync(action => State(action) == "policy");

        await Http.PostAsync("/stop", null);
        var stopped = await _daemon.NextAsync(action => State(action) == "stop");
        Assert.Equal("stopped by an operator", stopped.GetProperty("reason").GetString());
        var status = await Http.GetFromJsonAsync<JsonElement>("/status");
        Assert.Equal("stop", State(status));
        Assert.Equal("push the block left", status.GetProperty("instruction").GetProperty("text").GetString());

        await Http.PostAsync("/resume", null);
        await _daemon.NextAsync(action => State(action) == "policy");
    }

    [Fact]
    public async Task Bad_requests_are_refused_with_the_reason_and_change_nothing()
    {
        await _daemon.NextAsync(_ => true);
        await Http.PostAsync("/instruction", new StringContent("open the gripper"));

        Assert.Equal("the instruction is empty", await ErrorAsync(new StringContent("  ")));
        Assert.Equal(
            "the instruction has 1,001 characters",
            await ErrorAsync(new StringContent(new string('a', 1_001)))
        );
        Assert.Equal("the instruction is not valid UTF-8", await ErrorAsync(new ByteArrayContent([0xff])));
        Assert.Equal("the JSON has no text", await ErrorAsync(JsonContent.Create(new { })));
        Assert.Equal(
            "the body is not the JSON expected",
            await ErrorAsync(JsonContent.Create(new { instruct = "go" }))
        );

        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/stop");
        foreign.Headers.Add("Origin", "http://elsewhere.example");
        Assert.Equal(HttpStatusCode.Forbidden, (await Http.SendAsync(foreign)).StatusCode);

        var status = await Http.GetFromJsonAsync<JsonElement>("/status");
        Assert.Equal("open the gripper", status.GetProperty("instruction").GetProperty("text").GetString());
        Assert.NotEqual("stop", State(status));
        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync("/healthz")).StatusCode);
    }

    private static string? State(JsonElement action) => action.GetProperty("state").GetString();

    private static long Frame(JsonElement action) =>
        action.GetProperty("frame_sequence") is { ValueKind: JsonValueKind.Number } frame ? frame.GetInt64() : 0;

    /// <summary>The error up to its colon: what is wrong, without the mend.</summary>
    private async Task<string> ErrorAsync(HttpContent body)
    {
        var answer = await Http.PostAsync("/instruction", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString()!.Split(':')[0];
    }

    private string WriteVideo()
    {
        var file = _folder.File("clip.avi");
        using var writer = new VideoWriter(file, FourCC.MJPG, 30, new Size(160, 120));
        for (var i = 0; i < 30; i++)
        {
            using var picture = new Mat(120, 160, MatType.CV_8UC3, new Scalar(i * 8, 100, 255 - i * 8));
            writer.Write(picture);
        }

        return file;
    }
}
