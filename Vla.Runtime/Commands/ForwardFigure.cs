using ScottPlot;
using SkiaSharp;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>The notebook's figure (section 6): how the features are distributed, and the action.</summary>
internal static class ForwardFigure
{
    // As the notebook's 12 × 10 inches, at 100 pixels an inch.
    private const int Width = 1_200;
    private const int Height = 1_000;
    private const int Bins = 50;

    /// <param name="file">A .png file; replaced when it exists.</param>
    /// <param name="features">The results of <see cref="ForwardInput.Run"/>; the first of the batch is drawn.</param>
    /// <param name="actionNames">A label for each bar.</param>
    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static void Save(
        string file,
        IReadOnlyDictionary<string, Tensor> features,
        IReadOnlyList<string> actionNames
    )
    {
        Plot[] plots =
        [
            Histogram("Vision features", features["vision_features"], Colors.C0),
            Histogram("Language features", features["language_features"], Colors.C1),
            Histogram("Fused features", features["fused_features"], Colors.C2),
            Bars("Action", features["action"], actionNames),
        ];

        var figure = new Multiplot(plots[0]) { Layout = new ScottPlot.MultiplotLayouts.Grid(rows: 2, columns: 2) };
        foreach (var plot in plots[1..])
            figure.Subplots.Add(plot);
        using var surface = SKSurface.Create(new SKImageInfo(Width, Height));
        surface.Canvas.Clear(SKColors.White);
        figure.Render(surface.Canvas, new PixelRect(0, Width, Height, 0));
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        try
        {
            using var stream = File.Create(file);
            png.SaveTo(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: cannot be written ({e.Message})", e);
        }
    }

    private static Plot Histogram(string title, Tensor features, Color color)
    {
        var plot = New(title, "value", "count");
        var values = FirstOfBatch(features);
        // All equal, or not a number: a histogram needs a range.
        if (values.Length > 0 && values.All(double.IsFinite) && values.Max() > values.Min())
            plot.Add.Histogram(
                ScottPlot.Statistics.Histogram.WithBinCount(Bins, values),
                color.WithAlpha(0.7),
                disableBottomPadding: true
            );
        return plot;
    }

    private static Plot Bars(string title, Tensor action, IReadOnlyList<string> names)
    {
        var plot = New(title, "dimension", "normalised value");
        // Of a chunk, its first action.
        var values = FirstOfBatch(action)
            .Take(names.Count)
            .Select(value => double.IsFinite(value) ? value : 0)
            .ToArray();
        plot.Add.Bars(values);
        plot.Axes.Bottom.SetTicks([.. values.Select((_, i) => (double)i)], [.. names]);
        return plot;
    }

    private static Plot New(string title, string x, string y)
    {
        var plot = new Plot();
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        return plot;
    }

    private static double[] FirstOfBatch(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.select(0, 0).flatten().to_type(ScalarType.Float64).contiguous().data<double>().ToArray();
    }
}
