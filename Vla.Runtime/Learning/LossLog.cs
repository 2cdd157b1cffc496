using System.Globalization;
using ScottPlot;
using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>Keeps the course of a training: <c>loss.csv</c>, a row for every some steps, and <c>loss.png</c> drawn from it.</summary>
public sealed class LossLog
{
    private const string Header =
        "step,seconds,learning_rate,total,action,grounding,turn,validation_total,validation_action,validation_grounding,validation_turn";

    private readonly string _csv;
    private readonly string _figure;
    private readonly List<double[]> _rows = [];

    /// <param name="directory">Where both files are.</param>
    /// <param name="fromStep">Rows of later steps are dropped: a training that is resumed does them again. 0 begins anew.</param>
    public LossLog(string directory, int fromStep)
    {
        (_csv, _figure) = (Path.Combine(directory, "loss.csv"), Path.Combine(directory, "loss.png"));
        if (fromStep > 0 && File.Exists(_csv))
        {
            _rows.AddRange(File.ReadLines(_csv).Skip(1)
                .Select(line => line.Split(',').Select(Parse).ToArray())
                .Where(row => row[0] <= fromStep));
        }

        SecondsBeforeStart = _rows.Count > 0 ? _rows[^1][1] : 0;
        File.WriteAllLines(_csv, [Header, .. _rows.Select(Line)]);
    }

    /// <summary>Seconds that earlier runs of the same training took.</summary>
    public double SecondsBeforeStart { get; }

    /// <param name="step">Steps done.</param>
    /// <param name="seconds">Since the training began.</param>
    /// <param name="learningRate">At this step.</param>
    /// <param name="training">Average over the steps since the last row.</param>
    /// <param name="validation">Null when it was not measured at this step.</param>
    public void Add(int step, double seconds, double learningRate, TrainingLoss training, TrainingLoss? validation)
    {
        double[] none = [double.NaN, double.NaN, double.NaN, double.NaN];
        double[] row = [step, seconds, learningRate, .. Values(training), .. validation is { } v ? Values(v) : none];
        _rows.Add(row);
        File.AppendAllLines(_csv, [Line(row)]);
    }

    /// <summary>Draws the loss of the actions, in training and validation, over the steps.</summary>
    public void Draw()
    {
        const int Action = 4;
        const int ValidationAction = 8;
        using var plot = new Plot();
        Curve("training", _rows.Select(row => (row[0], row[Action])));
        Curve("validation (averaged weights)", _rows.Select(row => (row[0], row[ValidationAction])));
        plot.Title("Loss of the actions");
        plot.XLabel("step");
        plot.YLabel("log10 of the loss");
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePng(_figure, 900, 500);

        void Curve(string name, IEnumerable<(double X, double Y)> points)
        {
            var known = points.Where(point => point.Y > 0).ToArray();
            if (known.Length == 0) return;
            var line = plot.Add.ScatterLine(known.Select(point => point.X).ToArray(), known.Select(point => Math.Log10(point.Y)).ToArray());
            line.LegendText = name;
        }
    }

    private static double[] Values(TrainingLoss loss) => [loss.Total, loss.Action, loss.Grounding, loss.Turn];

    private static double Parse(string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static string Line(double[] row) =>
        string.Join(',', row.Select(value => double.IsNaN(value) ? "" : value.ToString("G6", CultureInfo.InvariantCulture)));
}
