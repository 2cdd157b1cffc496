using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Vla.Tests.Runtime.Pages;

/// <summary>The page in a real browser, on a real daemon that watches the drawn scene.</summary>
public sealed class PageTests(PageFixture fixture) : IClassFixture<PageFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.CloseWindowsAsync();

    [BrowserFact]
    public async Task Both_pictures_are_shown_and_move_on()
    {
        var page = await fixture.OpenAsync();
        foreach (var (kind, width) in new[] { ("raw", 640), ("policy", 224) })
        {
            var picture = page.Locator($"img[data-camera={kind}]");
            await Expect(picture).ToBeVisibleAsync();
            var shown = await picture.GetAttributeAsync("data-shown");
            await Expect(picture).Not.ToHaveAttributeAsync("data-shown", shown!);
            await Expect(picture).ToHaveJSPropertyAsync("naturalWidth", width);
        }
    }

    [BrowserFact]
    public async Task An_instruction_takes_effect_and_is_remembered()
    {
        var page = await fixture.OpenAsync();
        var box = page.GetByLabel("Tell the robot what to do");

        await box.FillAsync("put the red block on the tray");
        await box.PressAsync("Enter");

        await Expect(page.Locator("[data-in-force]")).ToHaveTextAsync("put the red block on the tray");
        await Expect(page.Locator("[data-state]")).ToContainTextAsync("POLICY");
        await Expect(page.Locator("[data-first-action]")).ToBeVisibleAsync();
        await Expect(box).ToHaveValueAsync("");

        await box.PressAsync("Enter");
        await Expect(page.GetByText("the instruction is empty")).ToBeVisibleAsync();
        await box.PressAsync("ArrowUp");
        await Expect(box).ToHaveValueAsync("put the red block on the tray");
    }

    [BrowserFact]
    public async Task A_button_the_space_bar_and_escape_stop_the_robot_and_everyone_sees_it()
    {
        var page = await fixture.OpenAsync();
        var other = await fixture.OpenAsync(width: 390, height: 844);
        var (state, seen) = (page.Locator("[data-state]"), other.Locator("[data-state]"));
        var box = page.GetByLabel("Tell the robot what to do");
        var resume = page.GetByRole(AriaRole.Button, new() { Name = "Resume" });

        foreach (var stop in new Func<Task>[]
        {
            () => page.GetByRole(AriaRole.Button, new() { Name = "STOP" }).ClickAsync(),
            () => page.Keyboard.PressAsync("Space"),
            () => box.PressAsync("Escape"),
        })
        {
            await stop();
            await Expect(state).ToContainTextAsync("STOP");
            await Expect(state).ToContainTextAsync("stopped by an operator");
            await Expect(seen).ToContainTextAsync("STOP");
            await resume.ClickAsync();
            await Expect(seen).Not.ToContainTextAsync("STOP");
            await Expect(resume).ToBeHiddenAsync();
        }

        await box.PressSequentiallyAsync("go on");
        await Expect(box).ToHaveValueAsync("go on");
        await Expect(state).Not.ToContainTextAsync("STOP");
    }

    [BrowserFact]
    public async Task A_daemon_that_dies_shows_as_lost_and_the_page_heals_when_it_is_back()
    {
        var page = await fixture.OpenAsync();
        var lost = page.GetByRole(AriaRole.Alert);
        await Expect(lost).ToBeHiddenAsync();

        fixture.Daemon.Kill();
        await Expect(lost).ToContainTextAsync("Connection lost");
        await page.Keyboard.PressAsync("Escape");
        await Expect(lost).ToContainTextAsync("STOP did not reach the daemon");

        await fixture.Daemon.StartAsync();
        await Expect(lost).ToBeHiddenAsync();
        await Expect(page.Locator("[data-state]")).ToContainTextAsync("HOLD");
        await Expect(page.Locator("img[data-camera=raw]")).ToBeVisibleAsync();
    }

    [BrowserTheory]
    [InlineData(1400, 900, ColorScheme.Dark)]
    [InlineData(1400, 900, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Light)]
    public async Task Axe_finds_nothing_serious_and_nothing_sticks_out(int width, int height, ColorScheme colours)
    {
        var page = await fixture.OpenAsync(width, height, colours);
        await Expect(page.Locator("img[data-camera=policy]")).ToBeVisibleAsync();

        var result = await page.RunAxe();
        Assert.Empty(result.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Help}: {string.Join(", ", violation.Nodes.Select(node => node.Html))}"));
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "STOP" })).ToBeInViewportAsync();
    }
}
