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
        log.Add(100, 20, 1e-3, new TrainingLoss(0.8, 0.4, double.NaN, double.NaN), new TrainingLoss(0.9, 0.45, 2.2, 0.1));

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
    public void The_figure_is_a_picture()
    {
        var log = new LossLog(_directory.Path, fromStep: 0);
        log.Add(50, 10, 1e-3, new TrainingLoss(1, 0.5, 1, 1), new TrainingLoss(1, 0.6, 1, 1));
        log.Add(100, 20, 1e-3, new TrainingLoss(1, 0.4, 1, 1), null);

        log.Draw();

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(_directory.Path, "loss.png"))[..4]);
    }
}
