using Microsoft.Playwright;

namespace Vla.Tests.Runtime.Pages;

/// <summary>A daemon and a browser for all tests of the page.</summary>
public sealed class PageFixture : IAsyncLifetime, IDisposable
{
    private const int PatienceMs = 30_000;

    private readonly DaemonProcess _daemon = new("--camera", "synthetic");
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    internal DaemonProcess Daemon => _daemon;

    public async Task InitializeAsync()
    {
        if (Chromium.Path is not { } chromium)
            return;
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        var started = _daemon.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = chromium,
                // Root may not use Chromium's sandbox; what is shown here is ours.
                Args = ["--no-sandbox", "--disable-dev-shm-usage"],
            }
        );
        await started;
    }

    /// <summary>Opens the page in a browser window of its own, and waits until it lives.</summary>
    /// <param name="width">The window's, pixels.</param>
    /// <param name="height">The window's, pixels.</param>
    /// <param name="colours">Those that the reader prefers.</param>
    /// <param name="address">Another daemon's; null for the one of all tests.</param>
    public async Task<IPage> OpenAsync(
        int width = 1440,
        int height = 900,
        ColorScheme colours = ColorScheme.Dark,
        string? address = null
    )
    {
        var context = await _browser!.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ColorScheme = colours,
                ReducedMotion = ReducedMotion.Reduce,
            }
        );
        context.SetDefaultTimeout(PatienceMs);
        var page = await context.NewPageAsync();
        await page.GotoAsync(address ?? _daemon.Address);
        await Assertions.Expect(page.Locator("[data-state]")).ToBeVisibleAsync();
        return page;
    }

    /// <summary>Closes all windows: a page that is open has pictures made.</summary>
    public async Task CloseWindowsAsync()
    {
        foreach (var context in _browser?.Contexts ?? [])
            await context.CloseAsync();
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
    }

    public void Dispose()
    {
        _playwright?.Dispose();
        _daemon.Dispose();
    }
}
