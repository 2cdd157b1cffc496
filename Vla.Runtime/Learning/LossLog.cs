using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>
/// Keeps the course of a training: <c>loss.csv</c>, a row for every some steps, and <c>loss.png</c> drawn from it.
/// </summary>
internal sealed class LossLog
{
    private const string Header =
        "step,seconds,learning_rate,total,action,grounding,turn,"
        + "validation_total,validation_action,validation_grounding,validation_turn";

    private static readonly int Columns = Header.Split(',').Length;

    private readonly string _csv;
    private readonly string _figure;
    private readonly List<double[]> _rows = [];

    /// <param name="directory">Where both files are.</param>
    /// <param name="fromStep">Rows of later steps are dropped: a training that is resumed does them again. 0 begins
    /// anew.</param>
    /// <exception cref="TrainingException">A file cannot be written.</exception>
    public LossLog(string directory, int fromStep)
    {
        (_csv, _figure) = (Path.Combine(directory, "loss.csv"), Path.Combine(directory, "loss.png"));
        Writing(
            _csv,
            () =>
            {
                if (fromStep > 0 && File.Exists(_csv))
                {
                    // The last row of a training that was killed may be cut off.
                    _rows.AddRange(
                        File.ReadLines(_csv)
                            .Skip(1)
                            .Select(line => line.Split(',').Select(Parse).ToArray())
                            .Where(row => row.Length == Columns && row[0] <= fromStep)
                    );
                }

                File.WriteAllLines(_csv, [Header, .. _rows.Select(Line)]);
            }
        );
        SecondsBeforeStart = _rows.Count > 0 ? _rows[^1][1] : 0;
    }

    /// <summary>Seconds that earlier runs of the same training took.</summary>
    public double SecondsBeforeStart { get; }

    /// <param name="step">Steps done.</param>
    /// <param name="seconds">Since the training began.</param>
    /// <param name="learningRate">At this step.</param>
    /// <param name="training">Average over the steps since the last row.</param>
    /// <param name="validation">Null when it was not measured at this step.</param>
    /// <exception cref="TrainingException">The row cannot be written.</exception>
    public void Add(int step, double seconds, double learningRate, TrainingLoss training, TrainingLoss? validation)
    {
        double[] none = [double.NaN, double.NaN, double.NaN, double.NaN];
        double[] row = [step, seconds, learningRate, .. Values(training), .. validation is { } v ? Values(v) : none];
        _rows.Add(row);
        Writing(_csv, () => File.AppendAllLines(_csv, [Line(row)]));
    }

    /// <summary>
    /// Draws the loss of the actions, in training and validation, over the steps; the axis is logarithmic.
    /// </summary>
    /// <exception cref="TrainingException">The picture cannot be written.</exception>
    public void Draw()
    {
        const int Action = 4;
        const int ValidationAction = 8;
        const int FewPoints = 40;
        using var plot = new Plot();
        var drawn = new List<double>();
        Curve("training", Colors.C0, _rows.Select(row => (row[0], row[Action])));
        Curve("validation (averaged weights)", Colors.C1, _rows.Select(row => (row[0], row[ValidationAction])));
        plot.Title("Loss of the actions");
        plot.XLabel("step");
        plot.YLabel("loss");
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        if (drawn.Count > 0)
            LabelLogarithms(plot, drawn.Min(), drawn.Max());
        if (drawn.Count > 0)
            plot.ShowLegend(Alignment.UpperRight);
        else
            plot.Add.Annotation("no loss above 0 yet", Alignment.MiddleCenter);
        var partial = $"{_figure}.partial.png";
        Writing(
            _figure,
            () =>
            {
                plot.SavePng(partial, 900, 500);
                File.Move(partial, _figure, overwrite: true);
            }
        );

        // The picture is linear in the logarithm; what it says at its side are the losses themselves.
        void Curve(string name, Color color, IEnumerable<(double X, double Y)> points)
        {
            var known = points.Where(point => point.Y > 0 && double.IsFinite(point.Y)).ToArray();
            if (known.Length == 0)
                return;
            var line = plot.Add.Scatter(
                known.Select(point => point.X).ToArray(),
                known.Select(point => Math.Log10(point.Y)).ToArray(),
                color
            );
            line.LegendText = name;
            line.LineWidth = 1.5f;
            line.MarkerSize = known.Length <= FewPoints ? 5 : 0;
            drawn.AddRange(known.Select(point => point.Y));
        }
    }

    /// <summary>
    /// Numbers for a logarithmic axis: 1, 2 and 5 of each power of ten, of fewer where there are many; some even ones
    /// where these are too few.
    /// </summary>
    /// <param name="low">Lowest loss, above 0.</param>
    /// <param name="high">Highest loss.</param>
    internal static IReadOnlyList<double> Ticks(double low, double high)
    {
        const int fewest = 3,
            most = 12;
        for (double[] steps = [1, 2, 5]; ; steps = [1])
        {
            var ticks = Enumerable
                .Range((int)Math.Floor(Math.Log10(low)), (int)(Math.Log10(high) - Math.Log10(low)) + 2)
                .SelectMany(power => steps.Select(step => step * Math.Pow(10, power)))
                .Where(tick => tick >= low * 0.99 && tick <= high * 1.01 && double.IsFinite(tick))
                .ToList();
            if (ticks.Count > most && steps.Length > 1)
                continue;
            var every = (ticks.Count + most - 1) / most;
            return ticks.Count >= fewest ? [.. ticks.Where((_, i) => i % every == 0)] : Even(low, high);
        }
    }

    private static List<double> Even(double low, double high)
    {
        const int wanted = 5;
        var rough = Math.Max(high - low, high * 1e-3) / wanted;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = new double[] { 1, 2, 5, 10 }.First(factor => factor * power >= rough) * power;
        var first = Math.Max(1, (long)Math.Floor(low / step));
        return
        [
            .. Enumerable.Range(0, wanted + 3).Select(i => (first + i) * step).TakeWhile(tick => tick <= high + step),
        ];
    }

    private static void LabelLogarithms(Plot plot, double low, double high)
    {
        var ticks = Ticks(low, high);
        var (from, to) = (Math.Log10(Math.Min(low, ticks[0])), Math.Log10(Math.Max(high, ticks[^1])));
        var margin = Math.Max(0.05 * (to - from), 1e-4);
        plot.Axes.SetLimitsY(from - margin, to + margin);
        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. ticks.Select(Math.Log10)],
            [
                .. ticks.Select(tick =>
                    tick.ToString("0.#####", CultureInfo.InvariantCulture) is var text && text != "0"
                        ? text
                        : tick.ToString("0.#E0", CultureInfo.InvariantCulture)
                ),
            ]
        );
    }

    private static void Writing(string file, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"{file}: cannot be written ({e.Message}); what was saved is there to go on with --resume",
                e
            );
        }
    }

    private static double[] Values(TrainingLoss loss) => [loss.Total, loss.Action, loss.Grounding, loss.Turn];

    private static double Parse(string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static string Line(double[] row) =>
        string.Join(
            ',',
            row.Select(value => double.IsNaN(value) ? "" : value.ToString("G6", CultureInfo.InvariantCulture))
        );
}
