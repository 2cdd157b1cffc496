using MudBlazor;

namespace Vla.Runtime.Pages;

/// <summary>
/// The page's colours and letters, by day and by night: the system's own fonts, so that nothing is fetched.
/// </summary>
internal static class Look
{
    private static readonly string[] Letters =
    [
        "system-ui",
        "-apple-system",
        "Segoe UI",
        "Roboto",
        "DejaVu Sans",
        "sans-serif",
    ];

    public static MudTheme Theme { get; } =
        new()
        {
            PaletteLight = new PaletteLight
            {
                Primary = "#1565c0",
                Secondary = "#6a1b9a",
                Tertiary = "#00695c",
                Background = "#eef1f4",
                Surface = "#ffffff",
                TextPrimary = "#17212b",
                TextSecondary = "#4a5865",
                LinesDefault = "#d3dae0",
                Warning = "#9a5b00",
                Error = "#b71c1c",
            },
            PaletteDark = new PaletteDark
            {
                Primary = "#64b5f6",
                PrimaryContrastText = "#0b1a28",
                Secondary = "#ce93d8",
                Tertiary = "#4db6ac",
                Background = "#10161c",
                Surface = "#1a232c",
                TextPrimary = "#e8eef3",
                TextSecondary = "#a9b7c3",
                LinesDefault = "#2f3c48",
                Warning = "#ffb74d",
                Error = "#ff8a80",
            },
            Typography = new Typography
            {
                Default = new DefaultTypography { FontFamily = Letters, FontSize = "0.875rem" },
            },
            LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px" },
        };
}
