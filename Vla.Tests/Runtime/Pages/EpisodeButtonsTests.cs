using Microsoft.Playwright;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors.Datasets;
using static Microsoft.Playwright.Assertions;

namespace Vla.Tests.Runtime.Pages;

/// <summary>Episodes that a leader arm leads, recorded with the page's buttons alone.</summary>
[Collection(AgainstTheClock.Name)]
public sealed class EpisodeButtonsTests(PageFixture fixture) : IClassFixture<PageFixture>, IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<SimulatedArm> _arms = [];

    public void Dispose()
    {
        _arms.ForEach(arm => arm.Dispose());
        _folder.Dispose();
    }

    [BrowserFact]
    public async Task Episodes_are_begun_kept_recorded_again_taken_back_and_stopped()
    {
        var data = _folder.File("data");
        using var daemon = new DaemonProcess(
            "record",
            "--teleop",
            $"so101_leader:{Arm("so101_leader", isLeader: true).Line.Name}",
            "--robot",
            $"so101:{Arm("so101", isLeader: false).Line.Name}",
            "--camera",
            "synthetic",
            "--output",
            data,
            "--task",
            "wave",
            "--episodes",
            "3",
            "--episode-seconds",
            "600",
            "--reset-seconds",
            "3600"
        );
        await daemon.StartAsync();
        var page = await fixture.OpenAsync(address: daemon.Address);
        var (phase, counts) = (page.Locator("[data-phase]"), page.Locator("[data-counts]"));
        var (next, again) = (page.Locator("[data-next]"), page.Locator("[data-again]"));
        await Expect(phase).ToHaveAttributeAsync("data-phase", "Reset");

        await BeginAsync();
        await again.ClickAsync();
        await Expect(counts).ToHaveTextAsync("0 of 3 kept, 1 not kept");

        await BeginAsync();
        await Expect(next).ToHaveTextAsync("Keep");
        await next.ClickAsync();
        await Expect(counts).ToHaveTextAsync("1 of 3 kept, 1 not kept");

        await Expect(again).ToHaveTextAsync("Take back");
        await again.ClickAsync();
        await Expect(counts).ToHaveTextAsync("0 of 3 kept, 2 not kept");

        // A robot that is stopped shows nobody anything.
        await BeginAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "STOP" }).ClickAsync();
        await Expect(counts).ToHaveTextAsync("0 of 3 kept, 3 not kept");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();

        await BeginAsync();
        await page.Locator("[data-end]").ClickAsync();
        await daemon.EndAsync();
        await fixture.CloseWindowsAsync();

        using var dataset = LeRobotDataset.Open(data);
        Assert.Single(dataset.Episodes);

        async Task BeginAsync()
        {
            await Expect(next).ToHaveTextAsync("Begin");
            await next.ClickAsync();
            await Expect(phase).ToHaveAttributeAsync("data-phase", "Recording");
            // Long enough to be kept.
            await Expect(phase).ToContainTextAsync(new System.Text.RegularExpressions.Regex(", [2-9] of 600 s"));
        }
    }

    private SimulatedArm Arm(string name, bool isLeader)
    {
        var arm = new SimulatedArm(name, isLeader, isCalibrated: true, _folder.File(name));
        _arms.Add(arm);
        arm.Tell(isLeader ? "wave" : "show");
        return arm;
    }
}
