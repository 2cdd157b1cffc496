using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>The whole daemon on the simulated tabletop, with the scripted expert as its policy.</summary>
public sealed class DaemonWorldTests : IAsyncLifetime, IDisposable
{
    private readonly RunningDaemon _daemon = new(
        new VlaSettings
        {
            Camera = ["world?size=160x120"],
            Policy = "expert",
            Robot = "robots/tabletop.json",
            World = { AttemptSeconds = 120 },
        }
    );

    private HttpClient Http => _daemon.Http;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _daemon.EndAsync();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task An_instruction_is_carried_out_and_judged_and_another_table_can_be_laid()
    {
        var world = await WorldAsync(_ => true);
        Assert.Equal((1, 1, "none"), (Number(world, "level"), Number(world, "episode"), Word(world, "judgement")));
        var block = world.GetProperty("blocks")[0].GetString();

        await Http.PostAsync("/instruction", new StringContent($"please reach above the {block} block"));
        world = await WorldAsync(now => Word(now, "judgement") == "succeeded");
        Assert.Equal(
            ($"reach above the {block} block", 1, 1),
            (Word(world, "task"), Number(world, "successes"), Number(world, "attempts"))
        );

        var laid = await Http.PostAsync("/world/episode", JsonContent.Create(new { seed = 7 }));
        Assert.Equal((7, 2, 1), await FiguresAsync(laid));
        Assert.Equal((8, 3, 1), await FiguresAsync(await Http.PostAsync("/world/episode", null)));

        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await Http.PostAsync("/world/episode", JsonContent.Create(new { seed = -1 }))).StatusCode
        );
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await Http.PostAsync("/world/episode", new StringContent("seven"))).StatusCode
        );
        Assert.Equal(8, Number(await WorldAsync(_ => true), "seed"));
    }

    private static async Task<(long Seed, long Episode, long Successes)> FiguresAsync(HttpResponseMessage answer)
    {
        var world = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (Number(world, "seed"), Number(world, "episode"), Number(world, "successes"));
    }

    private static long Number(JsonElement world, string name) => world.GetProperty(name).GetInt64();

    private static string? Word(JsonElement world, string name) => world.GetProperty(name).GetString();

    /// <summary>Looks after every action until it is as wanted.</summary>
    private async Task<JsonElement> WorldAsync(Func<JsonElement, bool> wanted)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < RunningDaemon.Patience)
        {
            await _daemon.NextAsync(_ => true);
            var world = (await Http.GetFromJsonAsync<JsonElement>("/status")).GetProperty("world");
            if (wanted(world))
                return world;
        }

        throw new TimeoutException("the world did not become what it was waited for");
    }
}
