"""What refusals of pictures say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_PICTURES: Mapping[str, Words] = {
    "picture.caption_too_long": Words(
        N_("The text is too long beside a picture"),
        N_(
            "On %(channel)s a text beside a picture has %(limit)s characters at most; "
            "the one in %(language)s has %(length)s."
        ),
        N_("Shorten the text, or take the picture away."),
    ),
    "picture.description_missing": Words(
        N_("The picture needs words"),
        N_("Nothing says in %(language)s what the picture shows."),
        N_("Write it in a sentence, for those who cannot see the picture."),
    ),
    "picture.description_too_long": Words(
        N_("Too many words about the picture"),
        N_("What says in %(language)s what it shows has more than %(limit)s characters."),
        N_("Say in a sentence or two what one sees."),
    ),
    "picture.file_missing": Words(
        N_("No picture was chosen"),
        N_("There was no file in what came in."),
        N_("Choose a picture, then add it."),
    ),
    "picture.file_too_large": Words(
        N_("The picture's file is too large"),
        N_("We take pictures of %(limit_mb)s MB at most."),
        N_("Save it smaller, or send it to yourself on WhatsApp once and take that one."),
    ),
    "picture.missing": Words(
        N_("One text has no picture"),
        N_("Another text has one, and the one in %(language)s has none."),
        N_("Add a picture for it as well, or take the other one away."),
    ),
    "picture.not_added": Words(
        N_("The picture was not added yet"),
        N_("A file was chosen, but it did not come along."),
        N_("Choose it again and press “Add the picture”; what you have written is still here."),
    ),
    "picture.not_taken": Words(
        N_("Not everybody can get the picture"),
        N_("%(channel)s takes no pictures, and %(targets)s of those it is for are there."),
        N_("Allow that the text goes alone there, or choose another audience."),
    ),
    "picture.of_no_known_kind": Words(
        N_("We do not know this kind of picture"),
        N_("By what is in it, the file is no JPEG, PNG or WebP, whatever it is called."),
        N_("Save the picture as JPEG or PNG, then add that one."),
    ),
    "picture.too_many_pixels": Words(
        N_("The picture has too many pixels"),
        N_("We take pictures of %(limit_mp)s megapixels at most."),
        N_("Make it smaller; it is shown on phones."),
    ),
    "picture.too_narrow": Words(
        N_("The picture is too narrow"),
        N_("Its longer side is more than %(limit)s times the other one."),
        N_("Cut it out wider, then add it again."),
    ),
    "picture.too_small": Words(
        N_("The picture is too small"),
        N_("A side of it is shorter than %(limit)s pixels."),
        N_("Use the picture in its full size."),
    ),
    "picture.unknown": Words(
        N_("That picture is not here any more"),
        N_("A picture that stands in no broadcast is kept for one day."),
        N_("Add it again."),
    ),
    "picture.unreadable": Words(
        N_("The picture cannot be read"),
        N_("Its file is damaged, or did not come in whole."),
        N_("Open it on your device; if you see it there, save it anew and add that one."),
    ),
}
