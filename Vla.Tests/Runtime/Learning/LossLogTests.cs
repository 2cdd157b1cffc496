using Vla.Actors.Training;
using Vla.Runtime.Learning;

namespace Vla.Tests.Runtime.Learning;

public sealed class LossLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_resumed_training_drops_the_rows_it_does_again_and_goes_on_counting_time()
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        log.Add(50, 10, 1e-3, new TrainingLoss(1, 0.5, double.NaN, double.NaN), null);
        log.Add(
            100,
            20,
            1e-3,
            new TrainingLoss(0.8, 0.4, double.NaN, double.NaN),
            new TrainingLoss(0.9, 0.45, 2.2, 0.1)
        );

        var resumed = new LossLog(_directory.Path, fromStep: 50);
        Assert.Equal(10, resumed.SecondsBeforeStart);
        resumed.Add(100, 21, 1e-3, new TrainingLoss(0.7, 0.3, double.NaN, double.NaN), null);

        var lines = File.ReadAllLines(Path.Combine(_directory.Path, "loss.csv"));
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("step,seconds,learning_rate", lines[0]);
        Assert.Equal("50,10,0.001,1,0.5,,,,,,", lines[1]);
        Assert.Equal("100,21,0.001,0.7,0.3,,,,,,", lines[2]);
    }

    [Fact]
    public void A_row_that_was_cut_off_when_the_training_was_killed_is_dropped()
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        log.Add(1, 10, 1e-3, new TrainingLoss(1, 0.5, double.NaN, double.NaN), null);
        File.AppendAllText(_directory.File("loss.csv"), "2,11,0.0");

        var resumed = new LossLog(_directory.Path, fromStep: 2);

        Assert.Equal(10, resumed.SecondsBeforeStart);
        Assert.Equal(2, File.ReadAllLines(_directory.File("loss.csv")).Length);
        resumed.Draw();
    }

    [Fact]
    public void What_cannot_be_written_is_said()
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        File.Delete(_directory.File("loss.csv"));
        Directory.CreateDirectory(_directory.File("loss.csv"));

        var error = Assert.Throws<TrainingException>(() => log.Add(1, 10, 1e-3, new TrainingLoss(1, 0.5, 0, 0), null));

        Assert.Contains("loss.csv: cannot be written", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.002, 0.9, new[] { 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5 })]
    [InlineData(1e-6, 100, new[] { 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100 })]
    [InlineData(0.32, 0.4, new[] { 0.32, 0.34, 0.36, 0.38, 0.4 })]
    public void The_axis_has_round_losses(double low, double high, double[] expected)
    {
        var ticks = LossLog.Ticks(low, high);

        foreach (var (want, tick) in expected.Zip(ticks))
            Assert.Equal(want, tick, want * 1e-9);
        Assert.InRange(ticks.Count, expected.Length, expected.Length + 1);
    }

    [Theory]
    [InlineData(0.3, 0.3)]
    [InlineData(1e-30, 1e30)]
    [InlineData(double.Epsilon, 1)]
    [InlineData(1e300, 1.7e308)]
    public void The_axis_has_a_few_numbers_whatever_the_losses(double low, double high) =>
        Assert.InRange(LossLog.Ticks(low, high).Count, 1, 12);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void The_figure_is_drawn_after_few_steps_as_well(int steps)
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        for (var step = 1; step <= steps; step++)
            log.Add(step, 10, 1e-3, new TrainingLoss(1, step == 2 ? 0 : 0.5 / step, 1, 1), null);

        log.Draw();

        Assert.True(new FileInfo(_directory.File("loss.png")).Length > 1_000);
    }

    [Fact]
    public void The_figure_is_a_picture()
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        log.Add(50, 10, 1e-3, new TrainingLoss(1, 0.5, 1, 1), new TrainingLoss(1, 0.6, 1, 1));
        log.Add(100, 20, 1e-3, new TrainingLoss(1, 0.4, 1, 1), null);

        log.Draw();

        Assert.Equal(
            [0x89, (byte)'P', (byte)'N', (byte)'G'],
            File.ReadAllBytes(Path.Combine(_directory.Path, "loss.png"))[..4]
        );
    }
}
