using System.Text.Json;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using OpenCvSharp;
using static Microsoft.Playwright.Assertions;

namespace Vla.Tests.Runtime.Pages;

/// <summary>The page in a real browser, on a real daemon that watches the drawn scene.</summary>
public sealed class PageTests(PageFixture fixture) : IClassFixture<PageFixture>, IAsyncLifetime
{
    private static readonly string Robot = Repository.File("config/robots/tabletop.json");

    private static readonly string[] Expert = ["--policy", "expert", "--robot", Robot];

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

        foreach (
            var stop in new Func<Task>[]
            {
                () => page.GetByRole(AriaRole.Button, new() { Name = "STOP" }).ClickAsync(),
                () => page.Keyboard.PressAsync("Space"),
                () => box.PressAsync("Escape"),
            }
        )
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

    [BrowserFact]
    public async Task In_the_simulated_world_success_is_counted_and_a_table_can_be_chosen()
    {
        using var daemon = new DaemonProcess("--camera", "world", "--policy", "expert", "--robot", Robot);
        await daemon.StartAsync();
        var page = await fixture.OpenAsync(address: daemon.Address);
        var task = page.Locator("[data-task]");
        await Expect(task).ToContainTextAsync("try “put the ");

        await SayAsync(page, "please dance");
        await Expect(task).ToContainTextAsync("no task on this table");
        await page.GetByLabel("Seed").FillAsync("7");
        await page.GetByRole(AriaRole.Button, new() { Name = "New episode" }).ClickAsync();
        await Expect(page.GetByText("table 7")).ToBeVisibleAsync();

        var asked = await task.TextContentAsync();
        await SayAsync(
            page,
            $"reach above the {asked!.Split(' ').SkipWhile(word => word != "“put").ElementAt(2)} block"
        );
        await Expect(page.Locator("[data-successes]")).ToHaveTextAsync("1");
        await Expect(page.Locator("[data-attempts]")).ToHaveTextAsync("1");
        await Expect(task).ToContainTextAsync("succeeded");
    }

    [BrowserFact]
    public async Task Two_cameras_are_shown_and_one_that_is_unplugged_is_named_on_page_and_status()
    {
        using var wrist = new PictureStream();
        using var daemon = new DaemonProcess([
            "--camera",
            "front=world",
            "--camera",
            $"wrist={wrist.Address}",
            "--max-skew",
            "10000",
            .. Expert,
        ]);
        await daemon.StartAsync();
        var desktop = await fixture.OpenAsync(address: daemon.Address);
        var phone = await fixture.OpenAsync(390, 844, ColorScheme.Light, daemon.Address);
        foreach (var page in new[] { desktop, phone })
        {
            foreach (var name in new[] { "front", "wrist" })
            {
                var picture = page.Locator($"img[data-camera=raw][data-name={name}]");
                await Expect(picture).ToBeVisibleAsync();
                var shown = await picture.GetAttributeAsync("data-shown");
                await Expect(picture).Not.ToHaveAttributeAsync("data-shown", shown!);
            }
        }

        Assert.Equal(390, await phone.EvaluateAsync<int>("document.documentElement.scrollWidth"));

        // Words that mean no task: the arm rests, and that is the policy's.
        await SayAsync(desktop, "please dance");
        await Expect(desktop.Locator("[data-state]")).ToContainTextAsync("POLICY");

        wrist.Unplug();

        foreach (var page in new[] { desktop, phone })
        {
            var state = page.Locator("[data-state]");
            await Expect(state).ToContainTextAsync("STOP");
            await Expect(state).ToContainTextAsync("the camera wrist is lost");
            await Expect(page.Locator(".camera .bad:not([data-age])")).ToHaveTextAsync("lost");
        }

        using var http = new HttpClient();
        using var status = JsonDocument.Parse(await http.GetStringAsync($"{daemon.Address}/status"));
        var told = status.RootElement;
        Assert.Equal("stop", told.GetProperty("state").GetString());
        Assert.Contains("the camera wrist is lost", told.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["streaming", "lost"],
            told.GetProperty("cameras")
                .EnumerateObject()
                .Select(camera => camera.Value.GetProperty("state").GetString())
        );
    }

    /// <summary>Pictures of the page with two cameras, to be looked at.</summary>
    [PicturesFact]
    public async Task The_page_with_two_cameras_is_worth_a_look()
    {
        using var daemon = new DaemonProcess(["--camera", "front=world", "--camera", "wrist=world-wrist", .. Expert]);
        await daemon.StartAsync();
        var desktop = await fixture.OpenAsync(address: daemon.Address);
        var phone = await fixture.OpenAsync(390, 844, ColorScheme.Light, daemon.Address);
        foreach (var (page, name) in new[] { (desktop, "desktop"), (phone, "phone") })
        {
            await Expect(page.Locator("img[data-camera=raw][data-name=wrist]")).ToBeVisibleAsync();
            await page.ScreenshotAsync(
                new PageScreenshotOptions
                {
                    Path = Path.Combine(PicturesFactAttribute.Folder!, $"two-cameras-{name}.png"),
                    FullPage = true,
                }
            );
        }
    }

    /// <summary>Makes the README's pictures anew when the environment variable says where.</summary>
    [PicturesFact]
    public async Task The_page_is_worth_a_picture()
    {
        using var daemon = new DaemonProcess(
            "--camera",
            "world",
            "--world-seed",
            "2000000003",
            "--policy",
            Repository.File("config/policies/tabletop"),
            "--robot",
            Robot
        );
        await daemon.StartAsync();
        var desktop = await fixture.OpenAsync(address: daemon.Address);
        var phone = await fixture.OpenAsync(390, 844, ColorScheme.Light, daemon.Address);
        var example = (await desktop.Locator("[data-task]").TextContentAsync())!.Split('“', '”')[1];

        await SayAsync(desktop, example);
        await Expect(desktop.Locator("[data-task].succeeded")).ToBeVisibleAsync();
        // A desktop's is shown small, and a README should be quick to load.
        foreach (var (page, name, scale) in new[] { (desktop, "desktop", 0.75), (phone, "phone", 1) })
        {
            using var whole = Cv2.ImDecode(await page.ScreenshotAsync(), ImreadModes.Color);
            using var scaled = whole.Resize(default, scale, scale, InterpolationFlags.Area);
            scaled.SaveImage(
                Path.Combine(PicturesFactAttribute.Folder!, $"{name}.png"),
                new ImageEncodingParam(ImwriteFlags.PngCompression, 9)
            );
        }
    }

    [BrowserTheory]
    [InlineData(1440, 900, ColorScheme.Dark)]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(1024, 768, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Light)]
    public async Task Axe_finds_nothing_serious_and_nothing_sticks_out(int width, int height, ColorScheme colours)
    {
        var page = await fixture.OpenAsync(width, height, colours);
        await Expect(page.Locator("img[data-camera=policy]")).ToBeVisibleAsync();

        var result = await page.RunAxe();
        Assert.Empty(
            result
                .Violations.Where(violation => violation.Impact is "serious" or "critical")
                .Select(violation =>
                    $"{violation.Help}: {string.Join(", ", violation.Nodes.Select(node => node.Html))}"
                )
        );
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "STOP" })).ToBeInViewportAsync();
    }

    private static async Task SayAsync(IPage page, string instruction)
    {
        var box = page.GetByLabel("Tell the robot what to do");
        await box.FillAsync(instruction);
        await box.PressAsync("Enter");
        await Expect(page.Locator("[data-in-force]")).ToHaveTextAsync(instruction);
    }
}
