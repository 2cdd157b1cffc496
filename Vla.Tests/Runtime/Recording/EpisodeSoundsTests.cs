using Vla.Runtime;
using Vla.Runtime.Recording;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Recording;

/// <summary>What is heard of a recording.</summary>
public sealed class EpisodeSoundsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData((int)SessionMoment.Begun, 1)]
    [InlineData((int)SessionMoment.Saved, 2)]
    [InlineData((int)SessionMoment.NotKept, 3)]
    [InlineData((int)SessionMoment.Over, 4)]
    public async Task The_bell_rings_as_often_as_what_has_happened_means(int moment, int times)
    {
        var terminal = new StringWriter();
        await using (var sounds = EpisodeSounds.Of(RecordSounds.Bell, terminal, TimeProvider.System, _ => null)!)
            sounds.Say((SessionMoment)moment, 1);

        Assert.Equal(new string('\a', times), terminal.ToString());
    }

    [LinuxFact]
    public async Task A_voice_says_it_in_words_by_the_first_program_that_there_is()
    {
        var said = _folder.File("said");
        var program = _folder.File("espeak-ng");
        File.WriteAllText(program, $"#!/bin/sh\necho \"$@\" >> {said}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await using (
            var sounds = EpisodeSounds.Of(
                RecordSounds.Voice,
                terminal: null,
                TimeProvider.System,
                name => name == "espeak-ng" ? program : null
            )!
        )
        {
            sounds.Say(SessionMoment.Begun, 3);
            sounds.Say(SessionMoment.NotKept, 3);
        }

        Assert.Equal(["recording episode 3", "not kept"], File.ReadAllLines(said));
    }

    [LinuxFact]
    public async Task A_voice_that_cannot_be_started_costs_nothing()
    {
        var program = _folder.File("espeak");
        File.WriteAllText(program, "no program");

        await using var sounds = EpisodeSounds.Of(RecordSounds.Voice, null, TimeProvider.System, _ => program)!;

        sounds.Say(SessionMoment.Saved, 1);
    }

    [Fact]
    public void What_cannot_be_heard_here_is_an_error_that_says_what_can()
    {
        Assert.Null(EpisodeSounds.Of(RecordSounds.Off, Console.Error, TimeProvider.System, _ => null));
        Assert.Contains(
            "there is no terminal to ring: start it in one, or give voice or off",
            Assert
                .Throws<UsageException>(() => EpisodeSounds.Of(RecordSounds.Bell, null, TimeProvider.System, _ => null))
                .Message
        );
        Assert.Contains(
            "install speech-dispatcher or espeak-ng",
            Assert
                .Throws<UsageException>(() =>
                    EpisodeSounds.Of(RecordSounds.Voice, null, TimeProvider.System, _ => null)
                )
                .Message
        );
    }
}
