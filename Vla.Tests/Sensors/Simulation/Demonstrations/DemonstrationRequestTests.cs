using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Tests.Sensors.Simulation.Demonstrations;

public sealed class DemonstrationRequestTests : IDisposable
{
    private static readonly DemonstrationRequest Begun = new(1, "level2", Noise: true);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_same_request_goes_on_and_an_empty_dataset_takes_any()
    {
        Begun.Claim(_directory.Path, 0);
        Assert.Null(Record.Exception(() => Begun.Claim(_directory.Path, 3)));

        var other = Begun with { Seed = 2 };
        Assert.Null(Record.Exception(() => other.Claim(_directory.Path, 0)));
        Assert.Null(Record.Exception(() => other.Claim(_directory.Path, 1)));
    }

    [Fact]
    public void Another_seed_level_or_noise_is_refused_with_what_it_was_begun_with()
    {
        Begun.Claim(_directory.Path, 0);

        Assert.Contains("begun with --seed 1, not 2", Refusal(Begun with { Seed = 2 }));
        Assert.Contains("begun with --level level2, not both", Refusal(Begun with { Level = "both" }));
        Assert.Contains("begun with --noise on, not off", Refusal(Begun with { Noise = false }));
        Begun.Claim(_directory.Path, 3);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    public void A_dataset_that_does_not_say_what_it_was_begun_with_is_refused(string? text)
    {
        Directory.CreateDirectory(_directory.File("meta"));
        if (text is not null)
            File.WriteAllText(_directory.File("meta/vla_record.json"), text);

        Assert.Contains("vla_record.json", Refusal(Begun));
    }

    [Fact]
    public void Of_both_levels_every_third_table_is_the_easier_one() =>
        Assert.Equal(
            [WorldLevel.Level1, WorldLevel.Level2, WorldLevel.Level2, WorldLevel.Level1],
            Enumerable.Range(0, 4).Select(LevelMixture.Both.Of)
        );

    private string Refusal(DemonstrationRequest request)
    {
        var exception = Assert.Throws<DatasetException>(() => request.Claim(_directory.Path, 3));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }
}
